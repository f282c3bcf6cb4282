import Foundation
import TernControlPlane
import TernCore

extension BenchRun {
    /// Operations that wait where little does.
    private static let smallBacklog = 1000
    /// Requests that are signed at a time.
    private static let signedTogether = 50_000
    private static let questionCount = 20

    /// Writes while the destination is away, then measures how fast it catches up.
    func outage(plainPut: BenchResult?) async throws -> [BenchResult] {
        guard let (processes, configuration) = self.destinationProcess() else { return [] }
        try await processes.stop(configuration)
        var during = try await self.load(
            "PUT during an outage", self.puts(self.size.outageOperations, "/\(self.sourceBucket)/outage"),
            bytesPerOperation: self.size.smallBytes)
        if let plainPut, plainPut.operationsPerSecond > 0 {
            during.ratios["PUT without a rule"] = during.operationsPerSecond / plainPut.operationsPerSecond
        }
        try await processes.restart(configuration)
        var catchUp = try await self.drain("catch-up after an outage")
        catchUp.ratios["PUT during an outage"] = catchUp.operationsPerSecond / during.operationsPerSecond
        return [during, catchUp]
    }

    /// What many operations that wait cost the source, beside a thousand: memory, the answer of `tern status`, and its
    /// start. The destination stays away.
    ///
    /// As many objects are written without a rule before, so that what the store keeps in memory is as full in both.
    func backlog() async throws -> [BenchResult] {
        guard let (processes, destination) = self.destinationProcess(),
            let source = processes.configurations.first(where: { $0.region == self.target.source.name })
        else { return [] }
        let bucket = "\(self.versionedBucket)-warm"
        try await self.target.source.makeBucket(bucket, isVersioned: true)
        let count = self.size.backlogOperations
        try await self.write(count, "/\(bucket)/warm")
        try await processes.stop(destination)
        let few = Self.smallBacklog
        try await self.write(few, "/\(self.sourceBucket)/few")
        let fewAnswers = try await self.askStatus("status, \(few) pending", pending: few)
        let fewBytes = try Self.residentBytes(of: source)
        try await self.write(max(0, count - few), "/\(self.sourceBucket)/many")
        var answers = try await self.askStatus("status, \(count) pending", pending: count)
        answers.ratios["memory with \(few)"] = Double(try Self.residentBytes(of: source)) / Double(fewBytes)

        try await processes.stop(source)
        let start = ContinuousClock.now
        try await processes.restart(source)
        let milliseconds = Self.seconds(ContinuousClock.now - start) * 1000
        var restarted = BenchResult(
            name: "start, \(count) pending", milliseconds: [milliseconds], errors: 0, seconds: milliseconds / 1000,
            byteCount: 0)
        let after = try await self.askStatus("status after the start", pending: count)
        restarted.ratios["memory with \(few)"] = Double(try Self.residentBytes(of: source)) / Double(fewBytes)
        return [fewAnswers, answers, restarted, after]
    }

    func destinationProcess() -> (ProcessFederation, RegionConfiguration)? {
        guard let processes = self.target.processes, let destination = self.target.destination,
            let configuration = processes.configurations.first(where: { $0.region == destination.name })
        else {
            Self.say("the regions were started elsewhere: what needs one of them stopped is not measured")
            return nil
        }
        return (processes, configuration)
    }

    private func write(_ count: Int, _ prefix: String) async throws {
        var written = 0
        while written < count {
            let part = min(Self.signedTogether, count - written)
            let run = try await self.loadRun(prefix, self.puts(part, "\(prefix)/\(written)"))
            guard run.samples.allSatisfy({ $0.status == 200 }) else { throw CommandFailure("a PUT failed") }
            written += part
        }
    }

    /// How long the region takes to tell what is pending, which must be what is expected.
    private func askStatus(_ name: String, pending: Int) async throws -> BenchResult {
        var milliseconds: [Double] = []
        let start = ContinuousClock.now
        for _ in 0..<Self.questionCount {
            let asked = ContinuousClock.now
            let told = try await self.pendingOperations()
            milliseconds.append(Self.seconds(ContinuousClock.now - asked) * 1000)
            guard told == pending * self.size.rules else {
                throw CommandFailure("the region tells of \(told) operations, not of \(pending * self.size.rules)")
            }
        }
        return BenchResult(
            name: name, milliseconds: milliseconds, errors: 0, seconds: Self.seconds(ContinuousClock.now - start),
            byteCount: 0)
    }

    /// The resident memory of a region's process, anonymous and mapped.
    private static func residentBytes(of configuration: RegionConfiguration) throws -> Int {
        guard let file = configuration.pidFile, let owner = PIDFile.owner(of: file) else {
            throw CommandFailure("\(configuration.region) does not run")
        }
        let status = try String(contentsOfFile: "/proc/\(owner)/status", encoding: .utf8)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { throw CommandFailure("the system does not tell how much memory a process has") }
        self.say("\(configuration.region): \(kilobytes / 1024) MiB resident")
        return kilobytes * 1024
    }
}
