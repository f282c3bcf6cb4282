import ArgumentParser
import Foundation
import TernCore

/// `tern inventory`.
struct InventoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inventory", abstract: "Show the inventories of a bucket, and deliver a report now.",
        subcommands: [List.self, Run.self])

    /// Which bucket, and who has it.
    struct BucketChoice: ParsableArguments {
        @Option(name: .long, help: "The bucket that is listed.")
        var bucket: String

        @OptionGroup var options: OperatorOptions

        @Option(name: .long, help: "The region of the bucket. Default: the one that has it.")
        var region: String?

        /// The answer of the first region that has the bucket.
        func ask<Answer>(
            _ question: (OperatorClient, FederatedRegion) async throws -> Answer
        ) async throws -> Answer {
            let targets = try self.options.targets()
            let regions = targets.regions.filter { self.region == nil || $0.name.description == self.region }
            guard !regions.isEmpty else {
                let known = targets.regions.map(\.name.description).joined(separator: ", ")
                throw CommandFailure("there is no region \(self.region ?? ""); the regions are \(known)")
            }
            let client = OperatorClient(targets)
            var failure: (any Error)?
            for region in regions {
                do {
                    return try await question(client, region)
                } catch let error as OperatorAnswerError {
                    if error.status != 404 { throw CommandFailure(error.body) }
                    failure = failure ?? CommandFailure("there is no bucket \(self.bucket)")
                } catch let error as CommandFailure {
                    // A region that is down does not hide the one that has the bucket.
                    failure = error
                }
            }
            throw failure ?? CommandFailure("there is no region to ask")
        }

        var query: String { "bucket=\(PercentEncoding.encode(self.bucket.utf8, keepingSlash: false))" }
    }

    /// How an inventory stands, as regions tell of it.
    private struct Inventory: Codable {
        var id: String
        var enabled: Bool
        var format: String
        var frequency: String
        var destinationBucket: String
        var lastReport: String?
        var manifest: String?
        var rows: Int
        var problem: String?
        var nextReport: String?
    }

    private struct Inventories: Codable { var inventories: [Inventory] }

    /// `tern inventory list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show what each inventory of a bucket delivered, and when it does again.")

        @OptionGroup var choice: BucketChoice

        @Flag(help: "Print one JSON document.")
        var json = false

        func run() async throws {
            let data = try await self.choice.ask { client, region in
                try await client.get("/_tern/v1/inventory?\(self.choice.query)", from: region)
            }
            let found = try JSONDecoder().decode(Inventories.self, from: data)
            if self.json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
                print(String(decoding: try encoder.encode(found), as: UTF8.self))
                return
            }
            var rows = [["id", "frequency", "rows", "last report", "next report", "manifest"]]
            for inventory in found.inventories {
                rows.append([
                    inventory.id, inventory.enabled ? inventory.frequency : "disabled", "\(inventory.rows)",
                    inventory.lastReport ?? "-", inventory.nextReport ?? "-",
                    inventory.format == "CSV"
                        ? inventory.manifest ?? "-" : "reports in the format \(inventory.format) are not written",
                ])
            }
            print(TextTable.lines(rows, rightAligned: 2...2).joined(separator: "\n"))
            for inventory in found.inventories {
                if let problem = inventory.problem { print("\(inventory.id): the last attempt failed: \(problem)") }
            }
        }
    }

    /// A line that a region tells of a report in the making.
    private struct Line: Codable {
        /// `begin`, `progress`, `end` or `error`.
        var type: String
        var destinationBucket: String?
        var expectedRows: Int?
        var rows: Int?
        var files: Int?
        var bytes: Int?
        var manifest: String?
        var message: String?
    }

    /// `tern inventory run`.
    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Deliver a report now, whatever the schedule says.",
            discussion: """
                The report is written as S3 writes it: the policy of the destination bucket must allow the service \
                s3.amazonaws.com. The last line says where its manifest is.

                tern inventory run --bucket photos --id all-versions
                """)

        @OptionGroup var choice: BucketChoice

        @Option(name: .long, help: "The ID of the inventory's configuration.")
        var id: String

        @Flag(help: "Print one JSON document a line.")
        var json = false

        func run() async throws {
            let id = PercentEncoding.encode(self.id.utf8, keepingSlash: false)
            var bar: ProgressBar?
            var shown = 0
            var end: Line?
            try await self.choice.ask { client, region in
                try await client.lines(
                    of: "/_tern/v1/inventory/run?\(self.choice.query)&id=\(id)", method: "POST", from: region
                ) { data in
                    let line = try JSONDecoder().decode(Line.self, from: data)
                    if self.json { print(String(decoding: data, as: UTF8.self)) }
                    switch line.type {
                    case "begin":
                        if let expected = line.expectedRows, !self.json {
                            bar = ProgressBar(line.destinationBucket ?? "", total: expected)
                        }
                    case "progress":
                        bar?.advance(by: max((line.rows ?? 0) - shown, 0))
                        shown = max(shown, line.rows ?? 0)
                    default: end = line
                    }
                }
            }
            bar?.clear()
            guard let end else { throw CommandFailure("the region broke off its answer; nothing was delivered") }
            if let message = end.message { throw CommandFailure("nothing was delivered: \(message)") }
            if self.json { return }
            print(
                "\(end.rows ?? 0) rows in \(end.files ?? 0) files (\(Quantity.bytes(Double(end.bytes ?? 0)))): "
                    + (end.manifest ?? ""))
        }
    }
}
