import Logging
import Synchronization
import TernBatch
import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@Suite("Lists of jobs, and what is forgotten")
struct JobListTests {
    private let metadata = MemoryMetadataStore()
    private let clock = ManualClock()
    private let random = SeededRandom(seed: 8)

    private func open(events: (any JobEventRows)? = nil) async throws -> JobStore {
        try await JobStore.open(
            metadata: self.metadata, region: .usEast1, wall: self.clock, random: self.random, events: events,
            logger: Logger(label: "test"))
    }

    private func create(_ store: JobStore, _ token: String, confirmed: Bool = true) async throws -> String {
        let body = JobBodies.body(token: token, confirmed: confirmed)
        return try await store.create(
            account: JobBodies.account, body: body, request: try JobRequest(decoding: body),
            document: try RequestDocument.parse(body, root: "CreateJobRequest"))
    }

    private func end(_ store: JobStore, _ id: String) async throws {
        _ = try await store.apply(.cancelRequested(reason: nil), to: id, account: JobBodies.account)
        _ = try await store.apply(.settled, to: id, account: JobBodies.account)
    }

    @Test("BR-LJ-1: from the newest to the oldest, in pages that stay right while jobs come and end")
    func pages() async throws {
        let store = try await self.open()
        var ids: [String] = []
        for index in 0..<10 {
            ids.append(try await self.create(store, "\(index)"))
            // Some of one millisecond.
            if index % 3 == 0 { self.clock.advance(by: .milliseconds(1)) }
        }
        let all = try await store.jobs(of: JobBodies.account, limit: 100)
        #expect(Set(all.jobs.map(\.id)) == Set(ids))
        #expect(all.next == nil)
        let times = all.jobs.map(\.state.created)
        #expect(times == times.sorted(by: >))
        var listed: [String] = []
        var position: JobPosition?
        repeat {
            let page = try await store.jobs(of: JobBodies.account, after: position, limit: 3)
            listed += page.jobs.map(\.id)
            position = page.next.flatMap { JobPosition(token: $0.token) }
            #expect((page.next == nil) == (position == nil))
            self.clock.advance(by: .milliseconds(1))
            _ = try await self.create(store, "late \(listed.count)")
            if let last = page.jobs.last { try await self.end(store, last.id) }
        } while position != nil
        #expect(listed == all.jobs.map(\.id))
        #expect(try await store.jobs(of: JobBodies.other, limit: 3).jobs.isEmpty)
        // The same after a restart.
        let again = try await self.open()
        let later = try await again.jobs(of: JobBodies.account, limit: 100).jobs.map(\.id)
        #expect(later == (try await store.jobs(of: JobBodies.account, limit: 100).jobs.map(\.id)))
    }

    @Test("BR-LJ-1: any of the statuses that were asked for, across pages")
    func filter() async throws {
        let store = try await self.open()
        var ended: Set<String> = []
        for index in 0..<9 {
            let id = try await self.create(store, "\(index)")
            if index % 3 == 0 {
                try await self.end(store, id)
                ended.insert(id)
            }
        }
        let found = try await store.jobs(of: JobBodies.account, statuses: [.cancelled, .active], limit: 2)
        #expect(found.jobs.count == 2)
        let rest = try await store.jobs(
            of: JobBodies.account, statuses: [.cancelled, .active], after: found.next, limit: 2)
        #expect(Set((found.jobs + rest.jobs).map(\.id)) == ended)
        #expect(rest.next == nil)
        #expect(try await store.jobs(of: JobBodies.account, statuses: [.new], limit: 2).jobs.count == 2)
        #expect(try await store.jobs(of: JobBodies.account, statuses: [.failed], limit: 2).jobs.isEmpty)
    }

    @Test(
        "BR-LJ-1: tokens that nobody was given are refused", arguments: ["", "x", "1:", ":a", "1:a:b", "01:a", "+1:a"])
    func badTokens(token: String) {
        #expect(JobPosition(token: token) == nil)
    }

    @Test("BR-ST-4: 90 days after its end a job is gone, with its token and its tasks; a job that has not ended stays")
    func forgotten() async throws {
        let store = try await self.open()
        let id = try await self.create(store, "a")
        let open = try await self.create(store, "b")
        let partition = try #require(try await store.job(id, of: JobBodies.account)).partition
        var batch = MetadataBatch(partition: partition)
        for index in 0..<1500 { batch.put([1, UInt8(index / 256), UInt8(index % 256)], [1]) }
        try await self.metadata.commit(batch)
        try await self.end(store, id)
        self.clock.advance(by: .seconds(90 * 86400))
        try await store.removeForgotten()
        #expect(try await store.job(id, of: JobBodies.account) != nil)
        #expect(try await self.metadata.partitions(of: .job) == [partition])
        self.clock.advance(by: .milliseconds(1))
        // Also before the rows are removed.
        #expect(try await store.job(id, of: JobBodies.account) == nil)
        #expect(try await store.jobs(of: JobBodies.account, limit: 10).jobs.map(\.id) == [open])
        try await store.removeForgotten()
        #expect(try await self.metadata.partitions(of: .job).isEmpty)
        #expect(try await self.metadata.scan(KeyRange(prefix: []), in: .directory, limit: 100).count == 2)
        #expect(try await self.create(store, "a") != id)
    }

    @Test("BR-CJ-5: a token lives as long as its job, whether its rows are removed or not")
    func forgottenToken() async throws {
        let store = try await self.open()
        let id = try await self.create(store, "a")
        try await self.end(store, id)
        self.clock.advance(by: .seconds(91 * 86400))
        let next = try await self.create(store, "a")
        #expect(next != id)
        #expect(try await store.jobs(of: JobBodies.account, limit: 10).jobs.map(\.id) == [next])
        #expect(try await self.open().openJobs.map(\.id) == [next])
    }

    @Test("Events are written in the commits of what they tell: the creation, and each transition")
    func events() async throws {
        let events = RecordedEvents()
        let store = try await self.open(events: events)
        let id = try await self.create(store, "a", confirmed: false)
        _ = try await store.apply(.taken, to: id, account: JobBodies.account)
        _ = try await store.setPriority(99, of: id, account: JobBodies.account)
        _ = try await store.apply(.prepared(tasks: 1), to: id, account: JobBodies.account)
        let stored = try await self.metadata.scan(KeyRange(prefix: [0x58]), in: .directory, limit: 100)
        #expect(stored.map { String(decoding: $0.value, as: UTF8.self) } == ["New", "Preparing", "Ready"])
        #expect(events.committed.withLock { $0 } == stored)
    }
}

private final class RecordedEvents: JobEventRows {
    let committed = Mutex<[KeyValue]>([])
    private let count = Mutex<UInt8>(0)

    func rows(for job: JobStore.Job, entering status: JobStatus) throws(JobStoreError) -> [KeyValue] {
        let number = self.count.withLock { count in
            count += 1
            return count
        }
        return [KeyValue(key: [0x58, number], value: Array(status.rawValue.utf8))]
    }

    func store(
        _ rows: [KeyValue], by commit: () async throws(JobStoreError) -> Bool
    ) async throws(JobStoreError) -> Bool {
        let isCommitted = try await commit()
        if isCommitted { self.committed.withLock { $0 += rows } }
        return isCommitted
    }
}
