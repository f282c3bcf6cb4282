import Foundation
import TernStorage
import Testing

@testable import TernStorageRocksDB

@Suite("How long commits gather")
struct CommitPaceTests {
    private let start = ContinuousClock.now

    /// A pace behind groups of one commit each, in equal distances, and the time of the last of them.
    private func pace(
        commitsPerSecond: Int, for length: Duration = .seconds(1), goal: Int = 16
    ) -> (CommitPace, ContinuousClock.Instant) {
        var pace = CommitPace { goal }
        var time = self.start
        while time < self.start + length {
            pace.began(1, at: time)
            time += .seconds(1) / commitsPerSecond
        }
        return (pace, time - .seconds(1) / commitsPerSecond)
    }

    @Test("At a high rate a group begins four milliseconds after the one before, or when enough commits wait")
    func high() throws {
        let (pace, last) = self.pace(commitsPerSecond: 4_000)
        let pause = try #require(pace.pause(waiting: 1, at: last + .microseconds(500)))
        #expect(pause.count == 16)
        #expect(pause.moment == .microseconds(3_500))
        #expect(pace.pause(waiting: 15, at: last) != nil)
        #expect(pace.pause(waiting: 16, at: last) == nil)
        #expect(pace.pause(waiting: 1, at: last + .milliseconds(4)) == nil)
        #expect(pace.pause(waiting: 1, at: last + .milliseconds(50)) == nil)
    }

    @Test("Commits in large groups are a high rate, too")
    func groups() throws {
        var pace = CommitPace { 16 }
        for number in 0...50 { pace.began(10, at: self.start + .milliseconds(4) * number) }
        #expect(try #require(pace.pause(waiting: 1, at: self.start + .milliseconds(201))).moment == .milliseconds(3))
    }

    @Test("Nothing waits at a low rate, nor where there is nothing to be gained")
    func none() {
        let (slow, slowLast) = self.pace(commitsPerSecond: 1_000)
        #expect(slow.pause(waiting: 1, at: slowLast) == nil)
        let (idle, idleLast) = self.pace(commitsPerSecond: 4_000, goal: 0)
        #expect(idle.pause(waiting: 1, at: idleLast) == nil)
    }

    @Test("A rate is that of the last tenth of a second: the first commits after a rest, and of a process, do not wait")
    func rest() {
        let (first, firstLast) = self.pace(commitsPerSecond: 4_000, for: .milliseconds(90))
        #expect(first.pause(waiting: 1, at: firstLast) == nil)
        var (pace, last) = self.pace(commitsPerSecond: 4_000)
        pace.began(1, at: last + .seconds(1))
        #expect(pace.pause(waiting: 1, at: last + .seconds(1)) == nil)
    }

    /// What the loop gets that waits for three commits, for an hour at most.
    private func gathered(by queue: CommitQueue) async -> Int {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                _ = queue.wait()
                queue.gather(3, for: .seconds(3600))
                let commits = queue.take()
                for commit in commits { commit.answer(.success(())) }
                continuation.resume(returning: commits.count)
            }
        }
    }

    @Test("A moment ends when enough commits wait")
    func enough() async throws {
        let queue = CommitQueue()
        async let count = self.gathered(by: queue)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in 1...3 {
                group.addTask {
                    try await queue.submit(MetadataBatch(partition: PartitionID(kind: .bucket, id: UInt64(id))))
                }
            }
            try await group.waitForAll()
        }
        #expect(await count == 3)
    }

    @Test("A moment ends when the store closes, and what waits is made", .timeLimit(.minutes(1)))
    func closing() async throws {
        let queue = CommitQueue()
        async let count = self.gathered(by: queue)
        async let commit: Void = queue.submit(MetadataBatch(partition: .directory))
        while !queue.isGathering { await Task.yield() }
        queue.requestClose()
        try await commit
        #expect(await count == 1)
    }

    @Test("Commits that gather are all made, however few come")
    func store() async throws {
        let directory = try TemporaryDirectory()
        var options = RocksDBOptions()
        options.commitsToGather = { 1_000 }
        let store = try await RocksDBMetadataStore.open(directory: directory.path, logger: .quiet, options: options)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for number in 0..<250 { try await store.put(row: worker * 1_000 + number, byteCount: 1) }
                }
            }
            try await group.waitForAll()
        }
        for worker in 0..<8 {
            for number in 0..<250 { #expect(try await store.hasWholeRow(worker * 1_000 + number, byteCount: 1)) }
        }
        #expect(store.statistics.committed == 2_000)
        await store.close()
    }
}
