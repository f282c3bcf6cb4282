import ArgumentParser
import Foundation
import TernCore

/// `tern explain`.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explain how an object replicates: each rule's decision, each destination's state.",
        discussion: """
            tern explain s3://photos/cat.jpg
            tern explain 's3://photos/cat.jpg?versionId=…' --region us-east-1
            """
    )

    @Argument(help: "s3://BUCKET/KEY, with ?versionId=… for a version that is not the latest.")
    var object: String

    @OptionGroup var options: OperatorOptions

    @Option(name: .long, help: "The region of the bucket. Default: the first that has it.")
    var region: String?

    @Flag(help: "Print the region's JSON answer.")
    var json = false

    func run() async throws {
        guard let address = ObjectAddress(self.object) else {
            throw CommandFailure("`\(self.object)` is no object; write s3://BUCKET/KEY or s3://BUCKET/KEY?versionId=ID")
        }
        let targets = try await self.options.targets().withJoined()
        let regions =
            self.region.map { name in targets.regions.filter { $0.name.description == name } } ?? targets.regions
        guard !regions.isEmpty else {
            let known = targets.regions.map(\.name.description).joined(separator: ", ")
            throw CommandFailure("there is no region \(self.region ?? ""); the regions are \(known)")
        }
        let data = try await Self.ask(regions, target: address.target, OperatorClient(targets))
        if self.json {
            print(String(decoding: data, as: UTF8.self))
        } else {
            print(try JSONDecoder().decode(Explanation.self, from: data).text)
        }
    }

    /// The answer of the first region that has the object; else the most telling error.
    private static func ask(_ regions: [FederatedRegion], target: String, _ client: OperatorClient) async throws -> Data
    {
        var failure: (any Error)?
        for region in regions {
            do {
                return try await client.get(target, from: region)
            } catch let error as OperatorAnswerError where error.status == 404 {
                failure =
                    failure
                    ?? CommandFailure(
                        "no such object or version, in \(regions.map(\.name.description).joined(separator: ", "))")
            } catch {
                failure = error
            }
        }
        throw failure ?? CommandFailure("there is no region to ask")
    }
}

/// An object as `s3://bucket/key?versionId=…` names it.
struct ObjectAddress: Equatable {
    var bucket: String
    var key: String
    var versionID: String?

    init?(_ text: String) {
        guard text.hasPrefix("s3://") else { return nil }
        let rest = text.dropFirst(5)
        guard let slash = rest.firstIndex(of: "/"), slash > rest.startIndex else { return nil }
        self.bucket = String(rest[..<slash])
        var key = rest[rest.index(after: slash)...]
        // A key may contain question marks; only this one parameter ends it.
        if let mark = key.ranges(of: "?versionId=").last {
            self.versionID = String(key[mark.upperBound...])
            key = key[..<mark.lowerBound]
        }
        guard !key.isEmpty, self.versionID != "" else { return nil }
        self.key = String(key)
    }

    /// The path and query of the operator's question.
    var target: String {
        let encode = { (text: String) in PercentEncoding.encode(text.utf8, keepingSlash: false) }
        let version = self.versionID.map { "&versionId=\(encode($0))" } ?? ""
        return "/_tern/v1/explain?bucket=\(encode(self.bucket))&key=\(encode(self.key))\(version)"
    }
}
