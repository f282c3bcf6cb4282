import ArgumentParser
import Foundation
import TernCore

/// `tern events`.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Show and mend the delivery of event notifications.",
        subcommands: [Status.self, Dead.self, Redrive.self, Discard.self], defaultSubcommand: Status.self)

    /// How one target does, as regions tell of it.
    private struct Target: Codable {
        var target: String
        var kind: String
        var state: String
        var queued: Int64
        var dead: Int64
        var oldestAgeMs: Int64?
        var delivered: Int64
        var failed: Int64
        var gaveUp: Int64
        var lastError: String
        var nextAttempt: String?
    }

    private struct Report: Codable {
        var region: String
        var targets: [Target]
    }

    private struct Letter: Codable {
        var target: String
        var bucket: String
        var key: String
        var event: String
        var time: String
        var givenUp: String
        var attempts: Int64
        var error: String
    }

    private struct Letters: Codable { var deadLetters: [Letter] }
    private struct Count: Codable { var count: Int }

    /// Which regions are asked.
    struct RegionChoice: ParsableArguments {
        @OptionGroup var options: OperatorOptions

        @Option(name: .long, help: "This region only. Default: all.")
        var region: String?

        fileprivate func chosen() throws -> ([FederatedRegion], OperatorClient) {
            let targets = try self.options.targets()
            let regions = targets.regions.filter { self.region == nil || $0.name.description == self.region }
            guard !regions.isEmpty else {
                let names = targets.regions.map(\.name.description).joined(separator: ", ")
                throw CommandFailure("there is no region \(self.region ?? ""); the regions are \(names)")
            }
            return (regions, OperatorClient(targets))
        }
    }

    /// `tern events status`.
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Show how each target does, and how much waits for it.")

        @OptionGroup var choice: RegionChoice

        @Flag(help: "Print one JSON document.")
        var json = false

        func run() async throws {
            let (regions, client) = try self.choice.chosen()
            var reports: [Report] = []
            for region in regions {
                let data = try await client.get("/_tern/v1/events", from: region)
                reports.append(try JSONDecoder().decode(Report.self, from: data))
            }
            if self.json {
                print(try EventsCommand.text(["regions": reports]))
                return
            }
            var rows = [["region", "queued", "oldest", "delivered", "failed", "dead", "kind", "state", "target"]]
            for report in reports {
                for target in report.targets {
                    let age = target.oldestAgeMs.map { "\($0 / 1000) s" } ?? "-"
                    let state =
                        target.lastError.isEmpty ? target.state : "\(target.state): \(target.lastError.prefix(80))"
                    rows.append([
                        report.region, "\(target.queued)", age, "\(target.delivered)", "\(target.failed)",
                        "\(target.dead)", target.kind, state, target.target,
                    ])
                }
            }
            print(TextTable.lines(rows, rightAligned: 1...5).joined(separator: "\n"))
        }
    }

    /// `tern events dead`.
    struct Dead: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "dead", abstract: "List events of a target that were given up.")

        @OptionGroup var choice: RegionChoice

        @Argument(help: "The target's ARN.")
        var target: String

        @Option(name: .long, help: "At most so many of each region.")
        var limit = 100

        @Flag(help: "Print one JSON document.")
        var json = false

        func run() async throws {
            let (regions, client) = try self.choice.chosen()
            var letters: [Letter] = []
            for region in regions {
                let data = try await client.get(
                    "/_tern/v1/events/dead?target=\(EventsCommand.encoded(self.target))&limit=\(self.limit)",
                    from: region)
                letters += try JSONDecoder().decode(Letters.self, from: data).deadLetters
            }
            if self.json {
                print(try EventsCommand.text(Letters(deadLetters: letters)))
                return
            }
            var rows = [["time", "attempts", "event", "bucket", "key", "error"]]
            for letter in letters {
                rows.append([
                    letter.time, "\(letter.attempts)", letter.event, letter.bucket, letter.key,
                    String(letter.error.prefix(120)),
                ])
            }
            print(TextTable.lines(rows, rightAligned: 1...1).joined(separator: "\n"))
        }
    }

    /// `tern events redrive`.
    struct Redrive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "redrive",
            abstract: "Put events that were given up back into their queues, and try again at once.",
            discussion: "Targets that rest, or that wanted no more events (410), are tried too.")

        @OptionGroup var choice: RegionChoice

        @Argument(help: "The target's ARN. Default: all targets.")
        var target: String?

        func run() async throws {
            let (regions, client) = try self.choice.chosen()
            let query = self.target.map { "?target=\(EventsCommand.encoded($0))" } ?? ""
            for region in regions {
                let data = try await client.post("/_tern/v1/events/redrive\(query)", to: region)
                let count = try JSONDecoder().decode(Count.self, from: data).count
                print("\(region.name): \(count) put back")
            }
        }
    }

    /// `tern events discard`.
    struct Discard: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "discard", abstract: "Forget the events of a target that were given up.")

        @OptionGroup var choice: RegionChoice

        @Argument(help: "The target's ARN.")
        var target: String

        func run() async throws {
            let (regions, client) = try self.choice.chosen()
            for region in regions {
                let data = try await client.post(
                    "/_tern/v1/events/discard?target=\(EventsCommand.encoded(self.target))", to: region)
                let count = try JSONDecoder().decode(Count.self, from: data).count
                print("\(region.name): \(count) discarded")
            }
        }
    }

    private static func encoded(_ text: String) -> String { PercentEncoding.encode(text.utf8, keepingSlash: false) }

    private static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
