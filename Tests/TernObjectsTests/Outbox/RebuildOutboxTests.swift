import Synchronization
import TernCore
import TernObjects
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@Suite("The outbox at start")
struct RebuildOutboxTests {
    /// A region with one task in each of two buckets, as a process finds it that starts over a store.
    private func makeRegion() async throws -> TestRegion {
        let region = TestRegion("us-east-1", clock: ManualClock(), seed: 5)
        for name in ["one", "two", "dst"] { try await region.makeBucket(name) }
        for name in ["one", "two"] {
            try await region.replicate(name, to: ["dst"])
            try await region.put("k", in: name, bytes: [1])
        }
        return region
    }

    private func waiting(in service: ObjectService) -> [String: Int64] {
        var waiting: [String: Int64] = [:]
        for (lane, rules) in service.outbox.pending {
            waiting[lane.sourceBucket] = rules.values.reduce(0) { $0 + $1.operations }
        }
        return waiting
    }

    @Test("Invariant 1: a bucket that cannot be read at start is not forgotten: the start fails, and is repeated")
    func unreadableBucket() async throws {
        let region = try await self.makeRegion()
        let two = try await region.service.registry.state("two").partition
        let store = UnreadableRow(region.metadata, row: Keyspace.configuration, in: two)
        let service = region.service(over: store)
        await #expect(throws: S3Error.self) { try await service.outbox.rebuild(from: service.registry) }
        store.mend()
        try await service.outbox.rebuild(from: service.registry)
        #expect(self.waiting(in: service) == ["one": 1, "two": 1])
    }

    @Test("Invariant 7: a bucket whose record is damaged does not keep the others from work")
    func damagedBucket() async throws {
        let region = try await self.makeRegion()
        var batch = MetadataBatch(partition: try await region.service.registry.state("one").partition)
        batch.put(Keyspace.configuration, [0xFF, 0xFF])
        try await region.metadata.commit(batch)
        let service = region.service(over: region.metadata)
        try await service.outbox.rebuild(from: service.registry)
        #expect(self.waiting(in: service) == ["two": 1])
    }
}

/// A store of which one row cannot be read, until it is mended.
private final class UnreadableRow: StoreInFront {
    let store: any MetadataStore
    private let row: [UInt8]
    private let partition: PartitionID
    private let isMended = Atomic<Bool>(false)

    init(_ store: any MetadataStore, row: [UInt8], in partition: PartitionID) {
        self.store = store
        self.row = row
        self.partition = partition
    }

    func mend() { self.isMended.store(true, ordering: .relaxed) }

    func get(_ key: [UInt8], in partition: PartitionID) async throws(StorageError) -> [UInt8]? {
        if key == self.row, partition == self.partition, !self.isMended.load(ordering: .relaxed) {
            throw StorageError(.io, "the row cannot be read")
        }
        return try await self.store.get(key, in: partition)
    }
}
