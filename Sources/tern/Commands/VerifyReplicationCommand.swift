import ArgumentParser
import Foundation
import TernCore

/// `tern replication verify`.
struct VerifyReplicationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare a bucket with the destinations of its rules.",
        discussion: """
            Every version that a rule admitted is compared with its replica, by digests of ranges, so that little goes \
            over the wire where both are alike. The exit code is 0 where nothing diverges, 2 where something does, and \
            1 where the comparison could not be finished.

            tern replication verify --bucket photos
            tern replication verify --bucket photos --rule holidays --repair
            """
    )

    @Option(name: .long, help: "The source bucket.")
    var bucket: String

    @Option(name: .long, help: "Only what this rule admitted.")
    var rule: String?

    @Flag(help: "Queue what is missing or behind for replication again.")
    var repair = false

    @Flag(help: "Print one JSON document a line.")
    var json = false

    @Flag(help: "Also print what is no divergence: pending, failed, deleted or changed at the destination, extra.")
    var all = false

    @OptionGroup var options: OperatorOptions

    @Option(name: .long, help: "The region of the bucket. Default: the one that has it.")
    var region: String?

    func run() async throws {
        let targets = try self.options.targets()
        let regions =
            self.region.map { name in targets.regions.filter { $0.name.description == name } } ?? targets.regions
        guard !regions.isEmpty else {
            let known = targets.regions.map(\.name.description).joined(separator: ", ")
            throw CommandFailure("there is no region \(self.region ?? ""); the regions are \(known)")
        }
        var printer = VerificationPrinter(isJSON: self.json, showsAll: self.all)
        try await self.ask(regions, OperatorClient(targets)) { line in try printer.print(line) }
        printer.finish()
        if printer.isUnfinished { throw ExitCode(1) }
        if printer.divergent > 0 { throw ExitCode(2) }
    }

    /// Hands on the lines of the first region that has the bucket.
    private func ask(
        _ regions: [FederatedRegion], _ client: OperatorClient, line: (Data) throws -> Void
    ) async throws {
        var failure: (any Error)?
        for region in regions {
            do {
                return try await client.lines(of: self.target, method: "POST", from: region, line: line)
            } catch let error as OperatorAnswerError where error.status == 404 {
                failure = failure ?? CommandFailure("there is no bucket \(self.bucket)")
            } catch let error as OperatorAnswerError where error.status == 409 {
                throw CommandFailure(error.body)
            } catch let error as CommandFailure {
                // A region that is down does not hide the one that has the bucket.
                failure = error
            }
        }
        throw failure ?? CommandFailure("there is no region to ask")
    }

    private var target: String {
        let encode = { (text: String) in PercentEncoding.encode(text.utf8, keepingSlash: false) }
        return "/_tern/v1/verify?bucket=\(encode(self.bucket))"
            + (self.rule.map { "&rule=\(encode($0))" } ?? "") + (self.repair ? "&repair=true" : "")
    }
}
