import Foundation
import NIOCore
import TernCore

extension BenchRun {
    /// Objects a second that are watched at most, so that looking for them is no load to speak of.
    private static let watchedPerSecond = 25
    /// Connections of the writes that are not watched.
    private static let writerCount = 64
    /// Writes are due at whole multiples of this, in nanoseconds: a load generator that wakes for each one by itself takes
    /// more of the processors that it shares with the regions.
    private static let tick = 2_000_000

    /// How long after the answer to its PUT an object can be read at the destination, at a steady rate of writes.
    ///
    /// Each write has its time, whatever became of those before it, as far as there are connections.
    func lag(_ destination: BenchRegion) async throws -> [BenchResult] {
        var maximum: [BenchResult] = []
        let rate: Int
        switch self.size.lagRate {
        case .perSecond(let number):
            rate = number
        case .half:
            maximum = [
                try await self.load(
                    "PUT as fast as possible", self.puts(self.size.operations, "/\(self.sourceBucket)/maximum"),
                    bytesPerOperation: self.size.smallBytes)
            ]
            _ = try await self.drain("replication of the rest")
            rate = max(1, Int(maximum[0].operationsPerSecond / 2))
        }
        let count = rate * self.size.lagSeconds
        let bar = ProgressBar("replication lag", total: count)
        let puts = try self.puts(count, "/\(self.sourceBucket)/lag")
        let spacing = max(1, rate / Self.watchedPerSecond)
        let watched = Array(stride(from: 0, to: count, by: spacing))
        let others = (0..<count).filter { $0 % spacing != 0 }
        let heads = try watched.map { index in
            try destination.signer.request("HEAD", "/\(self.destinationBucket)/lag/\(Self.key(index))")
        }
        let start = ContinuousClock.now + .milliseconds(100)
        let deadline = NIODeadline.now() + .milliseconds(100)
        let due = { @Sendable (index: Int) in index * 1_000_000_000 / rate / Self.tick * Self.tick }
        let step = rate > 500 ? Duration.milliseconds(5) : .milliseconds(2)
        let (lags, samples) = try await withThrowingTaskGroup(of: ([Double], [LoadSample]).self) { group in
            let watcherCount = min(watched.count, 64)
            for worker in 0..<watcherCount {
                group.addTask {
                    let writer = try await LoadConnection.connect(to: self.target.source.signer.endpoint)
                    let reader = try await LoadConnection.connect(to: destination.signer.endpoint)
                    var lags: [Double] = []
                    var samples: [LoadSample] = []
                    for place in stride(from: worker, to: watched.count, by: watcherCount) {
                        let index = watched[place]
                        try await Task.sleep(until: start + .nanoseconds(due(index)))
                        samples.append(try await Self.write(puts[index], on: writer))
                        lags.append(try await Self.wait(for: heads[place], on: reader, step: step))
                        bar.advance()
                    }
                    await writer.close()
                    await reader.close()
                    return (lags, samples)
                }
            }
            for worker in 0..<min(others.count, Self.writerCount) {
                group.addTask {
                    let writer = try await LoadConnection.connect(to: self.target.source.signer.endpoint)
                    let mine = stride(from: worker, to: others.count, by: Self.writerCount).map { others[$0] }
                    let samples = try await writer.run(
                        mine.map { puts[$0] },
                        notBefore: mine.map { deadline + .nanoseconds(Int64(due($0))) }
                    ) { _ in bar.advance() }
                    await writer.close()
                    return ([], samples)
                }
            }
            var all: (lags: [Double], samples: [LoadSample]) = ([], [])
            for try await one in group {
                all.lags += one.0
                all.samples += one.1
            }
            return all
        }
        let seconds = Self.seconds(ContinuousClock.now - start)
        bar.finish()
        let writes = BenchResult(
            name: "PUT at \(rate)/s", samples: samples, seconds: seconds, bytesPerOperation: self.size.smallBytes)
        return maximum + [
            writes,
            BenchResult(
                name: "lag at \(rate)/s", milliseconds: lags, errors: 0, seconds: seconds,
                byteCount: Double(lags.count * self.size.smallBytes)),
            try await self.drain("replication of the rest"),
        ]
    }

    private static func write(_ put: LoadRequest, on writer: LoadConnection) async throws -> LoadSample {
        let sample = try await writer.run([put])[0]
        guard sample.status == 200 else { throw CommandFailure("a PUT answers \(sample.status)") }
        return sample
    }

    /// Milliseconds until the object can be read, to a fifth or a step: looking is not to be a load.
    private static func wait(
        for head: LoadRequest, on reader: LoadConnection, step: Duration
    ) async throws -> Double {
        let written = ContinuousClock.now
        while true {
            let status = try await reader.run([head])[0].status
            let waited = ContinuousClock.now - written
            if status == 200 { return self.seconds(waited) * 1000 }
            guard status == 404, waited < .seconds(60) else {
                throw CommandFailure("an object did not arrive at the destination within 60 s (HEAD answers \(status))")
            }
            try await Task.sleep(for: max(step, waited / 5))
        }
    }
}
