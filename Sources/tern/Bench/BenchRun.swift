import Foundation
import NIOCore
import TernControlPlane
import TernCore

/// How much the benchmark does.
struct BenchSize: Sendable {
    var concurrency: Int
    var operations: Int
    var smallBytes: Int
    var largeBytes: Int
    var largeOperations: Int
    var lagRate: LagRate
    var lagSeconds: Int
    var outageOperations: Int
    /// Rules of the source bucket, each with a destination bucket of its own.
    var rules: Int
    /// Operations that wait in the end, where a backlog is measured.
    var backlogOperations: Int
}

/// How many writes a second there are while the lag is measured.
enum LagRate: Sendable, Equatable {
    case perSecond(Int)
    /// Half of what clients can write as fast as they can, found out just before.
    case half
}

/// What can be measured.
enum BenchScenario: String, CaseIterable, Sendable {
    case put, get, head, list, large, replicated, path, lag, outage, backlog, policy, encryption
}

/// Answers to a load, and how long it took in all; may be the sum of several turns.
struct LoadRun {
    var samples: [LoadSample] = []
    var seconds = 0.0

    mutating func add(_ other: LoadRun) {
        self.samples += other.samples
        self.seconds += other.seconds
    }

    func result(_ name: String, bytesPerOperation: Int) -> BenchResult {
        BenchResult(
            name: name, samples: self.samples, seconds: self.seconds, bytesPerOperation: bytesPerOperation)
    }
}

/// Measures one scenario after the other.
struct BenchRun: Sendable {
    let target: BenchTarget
    let size: BenchSize
    let scenarios: Set<BenchScenario>
    /// Part of the names of this run's buckets.
    private let name = "tern-bench-\(UInt32.random(in: 0...UInt32.max))"

    var plainBucket: String { "\(self.name)-plain" }
    var versionedBucket: String { "\(self.name)-versioned" }
    var sourceBucket: String { "\(self.name)-source" }
    var destinationBucket: String { "\(self.name)-destination" }
    var smallBody: ByteBuffer { Self.randomBytes(self.size.smallBytes) }

    func run() async throws -> BenchReport {
        Self.say("measuring this machine")
        let machine = try await MachineLimits.measure(in: self.target.scratch)
        var report = BenchReport(machine: machine, results: [])
        if self.scenarios.contains(.policy) { report.results += try PolicyBench.measure() }
        try await self.target.source.makeBucket(self.plainBucket, isVersioned: false)
        report.results += try await self.smallObjects(machine)
        if self.scenarios.contains(.large) { report.results += try await self.largeObjects(machine) }
        if self.scenarios.contains(.encryption) { report.results += try await self.encryption(machine) }
        report.results += try await self.replication(plainPut: report.results.first { $0.name.hasPrefix("PUT ") })
        return report
    }

    // MARK: One region

    private func smallObjects(_ machine: MachineLimits) async throws -> [BenchResult] {
        let signer = self.target.source.signer
        let label = Quantity.bytes(Double(self.size.smallBytes))
        let targets = (0..<self.size.operations).map { "/\(self.plainBucket)/\(Self.key($0))" }
        var results: [BenchResult] = []

        let isReading = !self.scenarios.isDisjoint(with: [.get, .head, .list])
        if self.scenarios.contains(.put) || isReading {
            var put = try await self.plainPut("PUT \(label)")
            put.ratios["fdatasync/s"] = put.operationsPerSecond / machine.fdatasyncPerSecond
            if self.scenarios.contains(.put) { results.append(put) }
        }
        if self.scenarios.contains(.get) {
            results.append(try await self.load("GET \(label)", try targets.map { try signer.request("GET", $0) }))
        }
        if self.scenarios.contains(.head) {
            results.append(try await self.load("HEAD", try targets.map { try signer.request("HEAD", $0) }))
        }
        if self.scenarios.contains(.list) {
            let target = "/\(self.plainBucket)?list-type=2&max-keys=1000"
            let count = max(self.size.operations / 50, self.size.concurrency)
            results.append(
                try await self.load("LIST 1000 keys", try (0..<count).map { _ in try signer.request("GET", target) }))
        }
        return results
    }

    private func plainPut(_ name: String) async throws -> BenchResult {
        try await self.load(
            name, self.puts(self.size.operations, "/\(self.plainBucket)"), bytesPerOperation: self.size.smallBytes)
    }

    private func largeObjects(_ machine: MachineLimits) async throws -> [BenchResult] {
        let signer = self.target.source.signer
        let label = Quantity.bytes(Double(self.size.largeBytes))
        let body = Self.randomBytes(self.size.largeBytes)
        let targets = (0..<self.size.largeOperations).map { "/\(self.plainBucket)/large/\(Self.key($0))" }
        var put = try await self.load(
            "PUT \(label)", try targets.map { try signer.request("PUT", $0, body: body) },
            bytesPerOperation: self.size.largeBytes, concurrency: 4)
        put.ratios["MD5"] = put.bytesPerSecond / machine.md5BytesPerSecond
        put.ratios["sequential writes"] = put.bytesPerSecond / machine.sequentialWriteBytesPerSecond
        var get = try await self.load(
            "GET \(label)", try targets.map { try signer.request("GET", $0) }, concurrency: 4)
        get.ratios["loopback"] = get.bytesPerSecond / machine.loopbackBytesPerSecond
        return [put, get]
    }

    // MARK: Replication

    private func replication(plainPut: BenchResult?) async throws -> [BenchResult] {
        guard !self.scenarios.isDisjoint(with: [.replicated, .path, .lag, .outage, .backlog]) else { return [] }
        guard let destination = self.target.destination else {
            Self.say("one region only: replication is not measured")
            return []
        }
        try await self.target.source.makeBucket(self.sourceBucket, isVersioned: true)
        let destinations =
            [self.destinationBucket] + (1..<self.size.rules).map { "\(self.destinationBucket)-\($0)" }
        for bucket in destinations { try await destination.makeBucket(bucket, isVersioned: true) }
        try await self.target.source.makeRole()
        try await self.target.source.replicate(
            self.sourceBucket, to: destinations, account: self.target.account.id)

        var results: [BenchResult] = []
        if self.scenarios.contains(.lag) { results += try await self.lag(destination) }
        if self.scenarios.contains(.replicated) || self.scenarios.contains(.path) {
            try await self.target.source.makeBucket(self.versionedBucket, isVersioned: true)
        }
        if self.scenarios.contains(.replicated) { results += try await self.replicatedPut() }
        if self.scenarios.contains(.path) { results += try await self.undeliveredPut() }
        if self.scenarios.contains(.outage) { results += try await self.outage(plainPut: plainPut) }
        if self.scenarios.contains(.backlog) { results += try await self.backlog() }
        return results
    }

    /// What a rule costs a write: PUT into two versioned buckets, one with a rule and one without, in short turns.
    ///
    /// The speed of a machine drifts by tens of per cent within seconds, and a store slows down as it grows, so that two
    /// long runs one after the other say little about the difference. Before a turn without a rule the backlog is
    /// replicated, so that each turn pays for its own replication only.
    private func replicatedPut() async throws -> [BenchResult] {
        var drained = (operations: 0, seconds: 0.0)
        let puts = try await self.putInTurns("replicated", with: self.putName) {
            let rest = try await self.drain("replication of the rest")
            drained.operations += rest.operations
            drained.seconds += rest.seconds
        }
        return puts + [
            self.rate("replication of the rest", operations: drained.operations, seconds: drained.seconds)
        ]
    }

    private var putName: String {
        self.size.rules == 1 ? "PUT with a rule" : "PUT with \(self.size.rules) rules"
    }

    /// What a rule costs the path of a write: as ``replicatedPut()``, with the destination away, so that no delivery
    /// takes processor time from either.
    private func undeliveredPut() async throws -> [BenchResult] {
        guard let (processes, configuration) = self.destinationProcess() else { return [] }
        try await processes.stop(configuration)
        let puts = try await self.putInTurns("path", with: "\(self.putName), nothing delivered") {}
        try await processes.restart(configuration)
        return puts + [try await self.drain("replication after it")]
    }

    /// PUT without and with rules in short turns, with something to do after each pair.
    private func putInTurns(
        _ prefix: String, with name: String, after: () async throws -> Void
    ) async throws -> [BenchResult] {
        let turns = max(2, min(20, self.size.operations / 4000))
        let count = self.size.operations / turns
        var plain = LoadRun()
        var replicated = LoadRun()
        for turn in 0..<turns {
            plain.add(
                try await self.loadRun(
                    "PUT into a versioned bucket", self.puts(count, "/\(self.versionedBucket)/\(prefix)/\(turn)")))
            replicated.add(
                try await self.loadRun(name, self.puts(count, "/\(self.sourceBucket)/\(prefix)/\(turn)")))
            try await after()
        }
        let reference = plain.result("PUT into a versioned bucket", bytesPerOperation: self.size.smallBytes)
        var put = replicated.result(name, bytesPerOperation: self.size.smallBytes)
        put.ratios["PUT without a rule"] = put.operationsPerSecond / reference.operationsPerSecond
        return [reference, put]
    }

    func puts(_ count: Int, _ prefix: String) throws -> [LoadRequest] {
        let body = self.smallBody
        return try (0..<count).map { index in
            try self.target.source.signer.request("PUT", "\(prefix)/\(Self.key(index))", body: body)
        }
    }

    /// Waits until nothing is pending; the rate is that of what was pending at the beginning.
    func drain(_ name: String) async throws -> BenchResult {
        let start = ContinuousClock.now
        let operations = try await self.pendingOperations()
        let bar = ProgressBar(name, total: operations)
        var pending = operations
        while pending > 0 {
            guard ContinuousClock.now - start < .seconds(600) else {
                throw CommandFailure("\(pending) operations are still pending after 10 minutes; see `tern status`")
            }
            try await Task.sleep(for: .milliseconds(20))
            let now = try await self.pendingOperations()
            bar.advance(by: max(0, pending - now))
            pending = now
        }
        bar.finish()
        let seconds = Self.seconds(ContinuousClock.now - start)
        return self.rate(name, operations: operations, seconds: seconds)
    }

    private func rate(_ name: String, operations: Int, seconds: Double) -> BenchResult {
        var result = BenchResult(
            name: name, milliseconds: [], errors: 0, seconds: seconds,
            byteCount: Double(operations * self.size.smallBytes))
        result.operations = operations
        result.operationsPerSecond = seconds > 0 ? Double(operations) / seconds : 0
        return result
    }

    func pendingOperations() async throws -> Int {
        let region = FederatedRegion(name: self.target.source.name, endpoint: self.target.source.endpoint)
        let data = try await self.target.operatorClient.get("/_tern/v1/status", from: region)
        let rules = try JSONDecoder().decode(RegionStatus.self, from: data).rules
        return rules.filter { $0.sourceBucket == self.sourceBucket }.reduce(0) { $0 + Int($1.pendingOperations) }
    }

    // MARK: Load

    /// Sends requests over `concurrency` connections, each connection one at a time, as fast as answers come.
    func load(
        _ name: String, _ requests: [LoadRequest], bytesPerOperation: Int = 0, concurrency: Int? = nil
    ) async throws -> BenchResult {
        try await self.loadRun(name, requests, concurrency: concurrency)
            .result(name, bytesPerOperation: bytesPerOperation)
    }

    /// - Parameter region: Where the requests go, if not to the source.
    func loadRun(
        _ name: String, _ requests: [LoadRequest], concurrency: Int? = nil, on region: BenchRegion? = nil
    ) async throws -> LoadRun {
        let endpoint = (region ?? self.target.source).signer.endpoint
        let count = min(concurrency ?? self.size.concurrency, requests.count)
        let bar = ProgressBar(name, total: requests.count)
        var connections: [LoadConnection] = []
        for _ in 0..<count {
            connections.append(try await LoadConnection.connect(to: endpoint))
        }
        let shares = (0..<count).map { worker in
            stride(from: worker, to: requests.count, by: count).map { requests[$0] }
        }
        let start = ContinuousClock.now
        let samples = try await withThrowingTaskGroup(of: [LoadSample].self) { group in
            for (connection, share) in zip(connections, shares) {
                group.addTask { try await connection.run(share) { _ in bar.advance() } }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let seconds = Self.seconds(ContinuousClock.now - start)
        bar.finish()
        for connection in connections { await connection.close() }
        return LoadRun(samples: samples, seconds: seconds)
    }

    static func key(_ index: Int) -> String {
        // Spread over the key space, as real keys are.
        let digits = String((UInt64(index) &* 0x9E37_79B9_7F4A_7C15) >> 16, radix: 16)
        return "\(digits)-\(index)"
    }

    static func randomBytes(_ count: Int) -> ByteBuffer {
        var generator = SystemRandomNumberGenerator()
        var buffer = ByteBuffer()
        buffer.reserveCapacity(count + 8)
        while buffer.readableBytes < count { buffer.writeInteger(generator.next()) }
        return buffer.getSlice(at: 0, length: count) ?? buffer
    }

    static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }

    static func say(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }
}
