import FoundationEssentials
import TernCore
import TernObjects
import TernRecords
import TernStorage
import Testing

@Suite("Rows of the control plane in the directory's log")
struct ControlRowTests {
    private static func write(_ key: String, _ value: String?) -> ControlWriteRecord {
        var write = ControlWriteRecord()
        write.key = .init(key.utf8)
        write.value = .init((value ?? "").utf8)
        write.isRemoval = value == nil
        return write
    }

    private static func rows(_ store: DirectoryStore, _ prefix: String) async throws -> [String] {
        try await store.controlRows(prefix: Array(prefix.utf8), after: nil, limit: 100)
            .map { String(decoding: $0.key, as: UTF8.self) + "=" + String(decoding: $0.value, as: UTF8.self) }
    }

    private static func record(_ name: String) -> DirectoryRecord {
        var record = DirectoryRecord()
        record.name = name
        record.bucketID = 7
        record.owner = "111122223333"
        record.region = "us-east-1"
        return record
    }

    @Test("Several rows change at once, and a following region has them, between bucket names, in the order of the log")
    func followers() async throws {
        let home = DirectoryStore(metadata: MemoryMetadataStore(), region: RegionName(trusted: "us-east-1"))
        let follower = DirectoryStore(
            metadata: MemoryMetadataStore(), region: RegionName(trusted: "eu-west-1"))
        _ = try await home.reserve(Self.record("one"))
        #expect(try await home.appendControl([Self.write("a/1", "x"), Self.write("a/2", "y")], requiring: []))
        _ = try await home.reserve(Self.record("two"))
        #expect(try await home.appendControl([Self.write("a/1", nil), Self.write("b/1", "z")], requiring: []))
        #expect(try await Self.rows(home, "a/") == ["a/2=y"])

        let changes = try await home.changes(after: 0, limit: 100)
        #expect(changes.map(\.sequence) == [1, 2, 3, 4])
        #expect(changes.map(\.hasRecord) == [true, false, true, false])
        try await follower.apply(Array(changes.prefix(2)))
        #expect(try await Self.rows(follower, "a/") == ["a/1=x", "a/2=y"])
        try await follower.apply(changes)
        #expect(try await Self.rows(follower, "a/") == ["a/2=y"])
        #expect(try await Self.rows(follower, "b/") == ["b/1=z"])
        #expect(try await follower.record("two") != nil)
        #expect(try await follower.lastSequence() == 4)
    }

    @Test("A change whose required row is another by now is not made, whatever bucket names do")
    func requirements() async throws {
        let home = DirectoryStore(metadata: MemoryMetadataStore(), region: RegionName(trusted: "us-east-1"))
        let key = Array("g".utf8)
        #expect(try await home.appendControl([Self.write("g", "1")], requiring: [(key, nil)]))
        _ = try await home.reserve(Self.record("one"))
        #expect(try await !home.appendControl([Self.write("g", "2")], requiring: [(key, nil)]))
        #expect(try await home.appendControl([Self.write("g", "2")], requiring: [(key, Array("1".utf8))]))
        #expect(try await home.controlRow(key) == Array("2".utf8))
        #expect(try await home.lastSequence() == 3)
    }

    @Test("Writers at the same time: each change has its own sequence")
    func writersAtOnce() async throws {
        let home = DirectoryStore(metadata: MemoryMetadataStore(), region: RegionName(trusted: "us-east-1"))
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<50 {
                group.addTask {
                    (try? await home.appendControl([Self.write("k/\(number)", "v")], requiring: [])) == true
                }
            }
            for await done in group { #expect(done) }
        }
        #expect(try await home.changes(after: 0, limit: 100).map(\.sequence) == Array(1...50))
    }

    @Test("What a following region gets at once fits into one answer, however large the changes are")
    func largeChanges() async throws {
        let home = DirectoryStore(metadata: MemoryMetadataStore(), region: RegionName(trusted: "us-east-1"))
        let value = String(repeating: "v", count: 1 << 20)
        for number in 0..<40 {
            #expect(try await home.appendControl([Self.write("k/\(number)", value)], requiring: []))
        }
        #expect(
            try await home.appendControl([Self.write("large", String(repeating: "v", count: 5 << 20))], requiring: []))
        var sequences: [UInt64] = []
        while true {
            let changes = try await home.changes(after: sequences.last ?? 0, limit: 500)
            if changes.isEmpty { break }
            let byteCount = changes.flatMap(\.controlWrites).reduce(0) { $0 + $1.value.count }
            #expect(byteCount <= 4 << 20 || changes.count == 1)
            sequences += changes.map(\.sequence)
        }
        #expect(sequences == Array(1...41))
    }

    @Test("Rows are read in pages, and none of another prefix")
    func pages() async throws {
        let home = DirectoryStore(metadata: MemoryMetadataStore(), region: RegionName(trusted: "us-east-1"))
        let writes = ["a", "p/1", "p/2", "p/3", "q"].map { Self.write($0, "v") }
        #expect(try await home.appendControl(writes, requiring: []))
        let first = try await home.controlRows(prefix: Array("p/".utf8), after: nil, limit: 2)
        #expect(first.map { String(decoding: $0.key, as: UTF8.self) } == ["p/1", "p/2"])
        let second = try await home.controlRows(prefix: Array("p/".utf8), after: first.last?.key, limit: 2)
        #expect(second.map { String(decoding: $0.key, as: UTF8.self) } == ["p/3"])
    }
}
