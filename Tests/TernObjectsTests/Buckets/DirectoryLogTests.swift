import FoundationEssentials
import TernCore
import TernObjects
import TernRecords
import TernStorage
import TernTestSupport
import Testing

@Suite("The directory's log is bounded, and a copy that is too far behind is made anew")
struct DirectoryLogTests {
    private static func store(_ region: String = "us-east-1") -> DirectoryStore {
        DirectoryStore(metadata: MemoryMetadataStore(), region: RegionName(trusted: region))
    }

    private static func put(_ key: String, _ value: String?, in store: DirectoryStore) async throws {
        var write = ControlWriteRecord()
        write.key = .init(key.utf8)
        write.value = .init((value ?? "").utf8)
        write.isRemoval = value == nil
        #expect(try await store.appendControl([write], requiring: []))
    }

    private static func record(_ name: String, id: UInt64 = 7, region: String = "us-east-1") -> DirectoryRecord {
        var record = DirectoryRecord()
        record.name = name
        record.bucketID = id
        record.owner = "111122223333"
        record.region = region
        return record
    }

    /// The sequences of the changes, or `nil` where the log does not go back so far.
    private static func sequences(_ store: DirectoryStore, after: UInt64) async throws -> [UInt64]? {
        switch try await store.log(after: after, limit: 1000) {
        case .changes(let changes): changes.map(\.sequence)
        case .isShorter: nil
        }
    }

    /// Copies all rows as a following region does.
    private static func copy(_ home: DirectoryStore, into copy: DirectoryStore) async throws -> Bool {
        let sequence = try await copy.lastSequence()
        let last = try await home.lastSequence()
        var after: [UInt8]?
        while true {
            let page = try await home.snapshotPage(after: after)
            guard try await copy.take(page, after: after, sequence: sequence) != nil else { return false }
            if page.isLast { return try await copy.endSnapshot(at: last, sequence: sequence) }
            after = page.rows.last.map { Array($0.key) }
        }
    }

    @Test("The newest changes stay, by number and by size; who has the rest goes on as before")
    func shortening() async throws {
        let home = Self.store()
        for number in 1...30 { try await Self.put("k/\(number)", String(repeating: "v", count: 1000), in: home) }
        #expect(try await home.shortenLog() == 0)
        #expect(try await home.shortenLog(to: DirectoryLogLimits(changes: 20)) == 10)
        #expect(try await Self.sequences(home, after: 10) == Array(11...30))
        #expect(try await Self.sequences(home, after: 9) == nil)
        #expect(try await Self.sequences(home, after: 0) == nil)
        #expect(try await Self.sequences(home, after: 30) == [])
        #expect(try await home.shortenLog(to: DirectoryLogLimits(bytes: 5500)) == 15)
        #expect(try await Self.sequences(home, after: 25) == Array(26...30))
        #expect(try await home.shortenLog(to: DirectoryLogLimits(changes: 0, bytes: 0)) == 4)
        #expect(try await Self.sequences(home, after: 29) == [30])
        #expect(try await home.lastSequence() == 30)
        try await Self.put("k/31", "v", in: home)
        #expect(try await Self.sequences(home, after: 29) == [30, 31])
    }

    @Test("A copy that is made anew has what home has and nothing else, over many pages, and then follows the log")
    func snapshot() async throws {
        let (home, other) = (Self.store(), Self.store("eu-west-1"))
        for number in 0..<3000 { try await Self.put("k/\(number)", "v\(number)", in: home) }
        _ = try await home.reserve(Self.record("one"))
        // What the copy had: rows that are others by now, and rows and names that are gone.
        for number in 0..<400 { try await Self.put("k/\(number)", "old", in: other) }
        for number in 0..<400 { try await Self.put("gone/\(number)", "old", in: other) }
        try await Self.put("z", "old", in: other)
        try await other.anticipate(Self.record("former", region: "ap-south-1"))
        try await Self.put("k/5", nil, in: home)
        #expect(try await Self.copy(home, into: other))
        #expect(try await other.lastSequence() == 3002)
        let (own, copied) = (
            try await home.controlRows(prefix: [], after: nil, limit: 10_000),
            try await other.controlRows(prefix: [], after: nil, limit: 10_000)
        )
        #expect(own.count == 2999)
        #expect(own == copied)
        #expect(try await other.record("one") != nil)
        #expect(try await other.record("former") == nil)

        try await Self.put("k/1", "new", in: home)
        guard case .changes(let changes) = try await home.log(after: 3002, limit: 10) else {
            Issue.record("the log is gone")
            return
        }
        try await other.apply(changes)
        #expect(try await other.controlRow(Array("k/1".utf8)) == Array("new".utf8))
    }

    @Test("A change of the copy while it is made anew is not overwritten: the copying begins again")
    func interrupted() async throws {
        let (home, other) = (Self.store(), Self.store("eu-west-1"))
        try await Self.put("a", "1", in: home)
        let page = try await home.snapshotPage(after: nil)
        try await Self.put("a", "2", in: home)
        try await other.apply(try await home.changes(after: 0, limit: 10))
        #expect(try await other.take(page, after: nil, sequence: 0) == nil)
        #expect(try await !other.endSnapshot(at: 1, sequence: 0))
        #expect(try await other.controlRow(Array("a".utf8)) == Array("2".utf8))
    }

    @Test("A region's own bucket stays in its copy, though home's rows are from before it")
    func ownBuckets() async throws {
        let region = TestRegion("eu-west-1", clock: ManualClock(), seed: 1)
        let home = Self.store()
        try await Self.put("a", "1", in: home)
        try await region.makeBucket("mine")
        let other = region.service.directory
        let sequence = try await other.lastSequence()
        let page = try await home.snapshotPage(after: nil)
        #expect(try await other.take(page, after: nil, sequence: sequence) != nil)
        #expect(try await other.record("mine") != nil)
        #expect(try await region.service.registry.state("mine").name == "mine")
    }
}
