import NIOCore
import TernStorage
import TernStorageTesting
import Testing

@Suite("Storage pools")
struct BlobPoolsTests {
    private let standard = MemoryBlobStore(seed: 1)
    private let cold = MemoryBlobStore(seed: 2)
    private let pools: BlobPools

    init() {
        self.pools = BlobPools(standard: self.standard, named: ["cold": self.cold])
    }

    @Test("keep the contract of a blob store", arguments: BlobStoreSuite.Check.allCases)
    func contract(_ check: BlobStoreSuite.Check) async throws {
        try await BlobStoreSuite {
            BlobPools(standard: MemoryBlobStore(seed: 3), named: ["cold": MemoryBlobStore(seed: 4)])
        }.run(check)
    }

    private func write(_ bytes: [UInt8], pool: String) async throws -> BlobID {
        let writer = try await self.pools.makeWriter(in: BlobStoreSuite.partition, pool: pool)
        try await writer.write(ByteBuffer(bytes: bytes))
        return try await writer.finish()
    }

    private func read(_ id: BlobID, pool: String) async throws -> [UInt8] {
        let reader = try await self.pools.open(id, in: BlobStoreSuite.otherPartition, pool: pool)
        return Array(try await reader.read(at: 0, maximum: 1 << 20).readableBytesView)
    }

    @Test("copy what is elsewhere, and clone what is there, in the order of the names")
    func copies() async throws {
        let blobs = [
            (id: try await self.write([1], pool: ""), pool: ""),
            (id: try await self.write([2], pool: "cold"), pool: "cold"),
            (id: try await self.write([3], pool: ""), pool: ""),
        ]
        for pool in ["", "cold"] {
            let clones = try await self.pools.clone(
                blobs, from: BlobStoreSuite.partition, to: BlobStoreSuite.otherPartition, pool: pool)
            #expect(clones.count == 3)
            for (number, clone) in zip([UInt8](1...3), clones) {
                #expect(try await self.read(clone, pool: pool) == [number])
            }
        }
    }

    @Test("delete blobs wherever they are")
    func deletion() async throws {
        let blobs = [try await self.write([1], pool: ""), try await self.write([2], pool: "cold")]
        #expect(try await self.pools.partitions() == [BlobStoreSuite.partition])
        try await self.pools.delete(blobs, in: BlobStoreSuite.partition)
        #expect(try await self.pools.partitions().isEmpty)
    }

    @Test("that are not configured are out of reach, not empty")
    func unknown() async throws {
        let blob = try await self.write([1], pool: "cold")
        let without = BlobPools(standard: self.standard)
        await #expect {
            try await without.open(blob, in: BlobStoreSuite.partition, pool: "cold")
        } throws: { ($0 as? StorageError)?.code == .io }
    }
}
