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

    @Test("Commits that gather are all made, however few come, and a store that closes does not wait for more")
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
        #expect(store.statistics.syncs < 1_500)
        await store.close()
    }
}
