import ArgumentParser
import Foundation
import Logging
import TernControlPlane
import TernCore

/// `tern bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure Tern, beside what this machine can do at most.",
        discussion: """
            Without a target it starts two regions of its own, as processes in a temporary directory, and removes them \
            at the end; only then can it measure an outage. The load comes from this process, on the same machine.

              tern bench
              tern bench --only put,get --operations 20000 --concurrency 64 --json
            """
    )

    @Option(name: .long, help: "Measure the running development federation of this directory.")
    var dir: String?

    @Option(
        name: .long, help: ArgumentHelp("Measure this region; needs --access-key and --secret-key.", valueName: "URL"))
    var endpoint: String?

    @Option(name: .long, help: ArgumentHelp("The region that --endpoint replicates to.", valueName: "URL"))
    var destinationEndpoint: String?

    @Option(name: .long) var accessKey: String?
    @Option(name: .long) var secretKey: String?
    @Option(name: .long, help: "The account of the key: 12 digits.") var accountID = "111111111111"

    @Option(
        name: .long,
        help:
            "What to measure, separated by commas: \(BenchScenario.allCases.map(\.rawValue).joined(separator: ", ")).",
        transform: Self.scenarios)
    var only: Set<BenchScenario> = Set(BenchScenario.allCases).subtracting([.backlog, .path])

    @Option(name: .long, help: "Connections at a time.") var concurrency = 32
    @Option(name: .long, help: "Operations on small objects, for each kind.") var operations = 5000
    @Option(name: .long, help: "Bytes of a small object.") var smallBytes = 4096
    @Option(name: .long, help: "Bytes of a large object.") var largeBytes = 64 << 20
    @Option(name: .long, help: "Operations on large objects, for each kind.") var largeOperations = 8
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Writes a second while the replication lag is measured; `half` of what can be written at most.",
            valueName: "number|half"),
        transform: Self.lagRate)
    var lagRate = LagRate.perSecond(50)
    @Option(name: .long, help: "Seconds for which the replication lag is measured.") var lagSeconds = 10
    @Option(name: .long, help: "Writes during the outage.") var outageOperations = 2000
    @Option(name: .long, help: "Operations that wait in the end, where a backlog is measured.")
    var backlogOperations = 100_000
    @Option(name: .long, help: "Rules that match each write, with a destination bucket each.") var rules = 1
    @Option(name: .long, help: "Where temporary files go; choose the disk to be measured. Default: $TMPDIR.")
    var scratch: String?

    @Flag(help: "Start the regions without a root key, so that bodies are stored in clear.")
    var unencrypted = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func validate() throws {
        let numbers = [
            self.concurrency, self.operations, self.smallBytes, self.largeBytes, self.largeOperations,
            self.lagSeconds, self.outageOperations, self.rules, self.backlogOperations,
        ]
        guard numbers.allSatisfy({ $0 > 0 }) else { throw ValidationError("every number must be at least 1") }
        guard AccountID(self.accountID) != nil else { throw ValidationError("--account-id needs 12 digits") }
    }

    func run() async throws {
        RunningProcess.startLogging(level: .warning, format: .text)
        let scratch = self.scratch ?? FileManager.default.temporaryDirectory.path(percentEncoded: false)
        if self.only == [.policy] {
            // Needs no region.
            try self.show(
                BenchReport(machine: try await MachineLimits.measure(in: scratch), results: try PolicyBench.measure()))
        } else if let dir = self.dir {
            try await self.measure(self.target(DevDirectory(dir)))
        } else if let endpoint = self.endpoint {
            try await self.measure(self.target(endpoint, scratch: scratch))
        } else {
            try await self.measureOwnFederation(scratch)
        }
    }

    private func measure(_ target: BenchTarget) async throws {
        let size = BenchSize(
            concurrency: self.concurrency, operations: self.operations, smallBytes: self.smallBytes,
            largeBytes: self.largeBytes, largeOperations: self.largeOperations, lagRate: self.lagRate,
            lagSeconds: self.lagSeconds, outageOperations: self.outageOperations, rules: self.rules,
            backlogOperations: self.backlogOperations)
        try self.show(try await BenchRun(target: target, size: size, scenarios: self.only).run())
    }

    private func show(_ report: BenchReport) throws {
        if self.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            print(report.table)
        }
    }

    // MARK: What is measured

    private func target(_ directory: DevDirectory) throws -> BenchTarget {
        let targets = try OperatorTargets(directory)
        guard let account = try directory.accounts()?.first?.configured(), let source = targets.regions.first else {
            throw CommandFailure(
                "\(directory.path) names no account or no region; start `tern dev \(directory.path)` first")
        }
        return BenchTarget(
            account: account,
            source: try BenchRegion(source, account: account),
            destination: try targets.regions.dropFirst().first.map { try BenchRegion($0, account: account) },
            operatorClient: OperatorClient(targets),
            processes: nil,
            scratch: directory.path
        )
    }

    private func target(_ endpoint: String, scratch: String) async throws -> BenchTarget {
        guard let accessKey = self.accessKey, let secretKey = self.secretKey else {
            throw CommandFailure("--endpoint needs --access-key and --secret-key of an account there")
        }
        let account = ConfiguredAccount(
            id: AccountID(trusted: self.accountID), accessKey: accessKey, secretKey: secretKey, displayName: "bench",
            email: "")
        let client = OperatorClient(try? OperatorOptions.parse([]).targets())
        let source = try await client.region(at: endpoint)
        var destination: FederatedRegion?
        if let url = self.destinationEndpoint { destination = try await client.region(at: url) }
        return BenchTarget(
            account: account,
            source: try BenchRegion(source, account: account),
            destination: try destination.map { try BenchRegion($0, account: account) },
            operatorClient: client,
            processes: nil,
            scratch: scratch
        )
    }

    private func measureOwnFederation(_ scratch: String) async throws {
        try await self.withFederation(scratch, regions: ["us-east-1:0", "eu-west-1:0"], isEncrypted: !self.unencrypted)
        {
            directory, federation in
            var target = try self.target(directory)
            target.processes = federation
            target.scratch = scratch
            guard self.only.contains(.encryption), !self.unencrypted else { return try await self.measure(target) }
            try await self.withFederation(scratch, regions: ["us-east-1:0"], isEncrypted: false) { directory, _ in
                target.clear = try self.target(directory).source
                try await self.measure(target)
            }
        }
    }

    /// Starts regions in a temporary directory; stops them and removes it at the end.
    private func withFederation(
        _ scratch: String, regions: [String], isEncrypted: Bool,
        _ body: (DevDirectory, ProcessFederation) async throws -> Void
    ) async throws {
        let directory = DevDirectory("\(scratch)/tern-bench-\(UInt32.random(in: 0...UInt32.max))")
        try directory.create()
        defer { try? FileManager.default.removeItem(atPath: directory.path) }
        var plan = try DevPlan(
            directory: directory, regionOptions: regions, accountOptions: [],
            log: RegionConfiguration.Log(level: .warning, format: .text))
        plan.hasRootKey = isEncrypted
        if plan.hasRootKey { try directory.ensureRootKey() }
        let federation = try await ProcessFederation.start(plan, in: directory, logger: Logger(label: "tern"))
        do {
            try await body(directory, federation)
        } catch {
            await federation.stop()
            throw error
        }
        await federation.stop()
    }

    private static func lagRate(_ text: String) throws -> LagRate {
        if text == "half" { return .half }
        guard let number = Int(text), number > 0 else {
            throw ValidationError("--lag-rate takes a number of at least 1, or `half`")
        }
        return .perSecond(number)
    }

    private static func scenarios(_ text: String) throws -> Set<BenchScenario> {
        Set(
            try text.split(separator: ",").map { word in
                guard let scenario = BenchScenario(rawValue: String(word)) else {
                    let known = BenchScenario.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValidationError("`\(word)` is nothing to measure; choose from \(known)")
                }
                return scenario
            })
    }
}
