import TernStorage
import TernStorageTesting
import Testing

@Suite("The stores in memory")
struct MemoryStoreTests {
    @Test("keep the contract of a metadata store", arguments: MetadataStoreSuite.Check.allCases)
    func metadata(_ check: MetadataStoreSuite.Check) async throws {
        try await MetadataStoreSuite(isDurable: false) { MemoryMetadataStore() }.run(check)
    }

    @Test("keep it without views, which they then refuse")
    func metadataWithoutViews() async throws {
        for check in MetadataStoreSuite.Check.allCases {
            try await MetadataStoreSuite(isDurable: false, hasViews: false) { MemoryMetadataStore(hasViews: false) }
                .run(check)
        }
    }

    @Test("A view in memory is over when it is closed or dropped")
    func views() async throws {
        let store = MemoryMetadataStore()
        var view: (any MetadataView)? = try await store.view(of: MetadataStoreSuite.partition)
        let closed = try await store.view(of: MetadataStoreSuite.partition)
        #expect(store.openViewCount == 2)
        closed.close()
        closed.close()
        #expect(store.openViewCount == 1)
        #expect(try await view?.scan(KeyRange(from: [], to: nil), limit: 1).isEmpty == true)
        view = nil
        #expect(store.openViewCount == 0)
    }

    @Test("keep the contract of a blob store", arguments: BlobStoreSuite.Check.allCases)
    func blobs(_ check: BlobStoreSuite.Check) async throws {
        try await BlobStoreSuite { MemoryBlobStore() }.run(check)
    }

    @Test("After a restart, every blob is a candidate for the collector")
    func settled() async throws {
        let store = MemoryBlobStore()
        var ids: [BlobID] = []
        for _ in 0..<10 { ids.append(try await store.write(BlobStoreSuite.pattern(1))) }
        store.settle()
        try await BlobStoreSuite.checkCandidates(ids, in: store)
    }

    @Test("The same seed makes the same identifiers, another seed makes others")
    func seeds() async throws {
        let first = try await MemoryBlobStore(seed: 1).write(BlobStoreSuite.pattern(1))
        let second = try await MemoryBlobStore(seed: 1).write(BlobStoreSuite.pattern(2))
        let third = try await MemoryBlobStore(seed: 2).write(BlobStoreSuite.pattern(1))
        #expect(first == second)
        #expect(first != third)
    }

    @Test("A full store refuses bytes, and takes them again when there is room")
    func capacity() async throws {
        let store = MemoryBlobStore(capacity: 100)
        let id = try await store.write(BlobStoreSuite.pattern(60))
        await BlobStoreSuite.expect(.noSpace) { _ = try await store.write(BlobStoreSuite.pattern(60)) }
        #expect(try await store.freeBytes() == 40)
        try await store.delete([id], in: BlobStoreSuite.partition)
        _ = try await store.write(BlobStoreSuite.pattern(100))
        #expect(try await store.freeBytes() == 0)
    }
}
