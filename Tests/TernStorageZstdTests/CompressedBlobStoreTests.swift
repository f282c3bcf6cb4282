import NIOCore
import TernStorage
import TernStorageTesting
import TernStorageZstd
import Testing

@Suite("Compressed blobs")
struct CompressedBlobStoreTests {
    @Test("keep the contract of a blob store", arguments: BlobStoreSuite.Check.allCases)
    func contract(_ check: BlobStoreSuite.Check) async throws {
        try await BlobStoreSuite { CompressedBlobStore(MemoryBlobStore()) }.run(check)
    }

    private static func write(_ bytes: [UInt8], to store: any BlobStore) async throws -> BlobID {
        let writer = try await store.makeWriter(in: BlobStoreSuite.partition)
        try await writer.write(ByteBuffer(bytes: bytes))
        return try await writer.finish()
    }

    @Test("take less room where bytes repeat, and hardly more where they do not")
    func sizes() async throws {
        let memory = MemoryBlobStore()
        let store = CompressedBlobStore(memory)
        let byteCount = 1 << 20
        let repeating = try await Self.write(Array(repeating: 7, count: byteCount), to: store)
        #expect(try await memory.open(repeating, in: BlobStoreSuite.partition).byteCount < 4096)
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let random = try await Self.write(noise, to: store)
        #expect(try await memory.open(random, in: BlobStoreSuite.partition).byteCount <= byteCount + 8 * 4 + 24)
        let reader = try await store.open(random, in: BlobStoreSuite.partition)
        #expect(
            Array(try await reader.read(at: 300_000, maximum: 5).readableBytesView) == Array(noise[300_000..<300_005]))
    }

    @Test("that are none are found damaged")
    func foreign() async throws {
        let memory = MemoryBlobStore()
        let store = CompressedBlobStore(memory)
        for byteCount in [0, 10, 24, 5000] {
            let id = try await Self.write(Array(repeating: 1, count: byteCount), to: memory)
            await #expect(throws: StorageError.self) { try await store.open(id, in: BlobStoreSuite.partition) }
        }
    }
}
