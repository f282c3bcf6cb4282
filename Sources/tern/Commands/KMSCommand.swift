import ArgumentParser
import Foundation
import TernCore

/// `tern kms`.
struct KMSCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kms", abstract: "Look after the keys of KMS.", subcommands: [Usage.self])

    /// `tern kms usage` (KMS-8).
    struct Usage: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "usage",
            abstract: "List what is encrypted with a key: versions, uploads, and replicas in the making.",
            discussion: """
                While there is anything, a key that is to be deleted stays, whatever its date. The region of the key walks \
                all its buckets.

                  tern kms usage arn:aws:kms:us-east-1:111111111111:key/…
                """)

        private struct Answer: Decodable {
            struct Item: Decodable {
                var kind: String
                var bucket: String
                var key: String
                var versionId: String?
            }

            var items: [Item]
            var isTruncated: Bool
        }

        @Argument(help: "The ARN of the key.")
        var key: String

        @OptionGroup var options: OperatorOptions

        @Option(help: "How many to list, at most 10000.")
        var limit = 1000

        @Flag(help: "Print the region's JSON answer.")
        var json = false

        func validate() throws {
            guard (1...10_000).contains(self.limit) else { throw ValidationError("--limit: use 1 to 10000") }
        }

        func run() async throws {
            let parts = self.key.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 6, self.key.hasPrefix("arn:aws:kms:"), parts[5].hasPrefix("key/") else {
                throw CommandFailure(
                    "`\(self.key)` is no ARN of a key; write arn:aws:kms:REGION:ACCOUNT:key/ID, as `aws kms describe-key` "
                        + "shows it")
            }
            let targets = try await self.options.targets().withJoined()
            guard let region = targets.regions.first(where: { $0.name.description == parts[3] }) else {
                let known = targets.regions.map(\.name.description).joined(separator: ", ")
                throw CommandFailure("there is no region \(parts[3]); the regions are \(known)")
            }
            let encoded = PercentEncoding.encode(self.key.utf8, keepingSlash: false)
            let data = try await OperatorClient(targets)
                .get("/_tern/v1/keys/usage?key=\(encoded)&limit=\(self.limit)", from: region)
            if self.json {
                print(String(decoding: data, as: UTF8.self))
                return
            }
            let answer = try JSONDecoder().decode(Answer.self, from: data)
            for item in answer.items {
                let version = item.versionId.map { "?versionId=\($0)" } ?? ""
                print("\(item.kind)\ts3://\(item.bucket)/\(item.key)\(version)")
            }
            if answer.isTruncated { print("… and more; see --limit") }
            if answer.items.isEmpty { print("nothing in \(region.name) is encrypted with this key") }
        }
    }
}
