import Foundation
import TernStorage
import TernStorageTesting
import Testing

@testable import TernStorageRocksDB

@Suite("Views of the metadata store")
struct RocksDBViewTests {
    private static let everything = KeyRange(from: [], to: nil)

    private static func snapshotCount(of store: RocksDBMetadataStore) async throws -> UInt64? {
        try await store.properties(["rocksdb.num-snapshots"]).values.first
    }

    private static func put(
        _ numbers: Range<Int>, round: UInt8, byteCount: Int, in store: RocksDBMetadataStore
    ) async throws {
        var batch = MetadataBatch(partition: MetadataStoreSuite.partition)
        for number in numbers {
            let key = [1, UInt8(number >> 8), UInt8(number & 255)]
            if round > 0, (number + Int(round)).isMultiple(of: 3) {
                batch.delete(key)
            } else {
                batch.put(key, [UInt8](repeating: round, count: byteCount))
            }
        }
        try await store.commit(batch)
    }

    /// Values of 3,000 bytes are kept beside the sorted files, in files of their own.
    @Test("A view keeps its moment while compaction rewrites every file that it was in", arguments: [200, 3_000])
    func compaction(byteCount: Int) async throws {
        let directory = try TemporaryDirectory()
        var options = RocksDBOptions()
        options.writeBufferByteCount = 64 << 10
        let store = try await RocksDBMetadataStore.open(directory: directory.path, logger: .quiet, options: options)
        func sortedFiles() throws -> Set<String> {
            Set(try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasSuffix(".sst") })
        }
        try await Self.put(0..<1_000, round: 0, byteCount: byteCount, in: store)
        // A flush follows the commit that finds the memory full.
        while try sortedFiles().isEmpty { try await Self.put(0..<1, round: 0, byteCount: 1_000, in: store) }
        let before = try await store.scan(Self.everything, in: MetadataStoreSuite.partition, limit: .max)
        let view = try await store.view(of: MetadataStoreSuite.partition)
        let files = try sortedFiles()
        #expect(!files.isEmpty)
        var round: UInt8 = 0
        while try !files.isDisjoint(with: sortedFiles()) {
            round = round % 200 + 1
            try await Self.put(0..<1_000, round: round, byteCount: byteCount, in: store)
        }
        #expect(round > 0)
        var found: [KeyValue] = []
        while true {
            let from = found.last.map { $0.key + [0] } ?? []
            let page = try await view.scan(KeyRange(from: from, to: nil), limit: 300)
            found += page
            if page.count < 300 { break }
        }
        #expect(found == before)
        #expect(before.count == 1_000)
        view.close()
        #expect(try await Self.snapshotCount(of: store) == 0)
        await store.close()
    }

    @Test("A view that is dropped closes itself, and one that a scan still reads from goes after the scan")
    func dropped() async throws {
        let directory = try TemporaryDirectory()
        let store = try await RocksDBMetadataStore.open(directory: directory.path, logger: .quiet)
        try await Self.put(0..<1, round: 0, byteCount: 1, in: store)
        var view: (any MetadataView)? = try await store.view(of: MetadataStoreSuite.partition)
        #expect(try await view?.scan(Self.everything, limit: 1).count == 1)
        #expect(try await Self.snapshotCount(of: store) == 1)
        view = nil
        #expect(try await Self.snapshotCount(of: store) == 0)
        await store.close()
    }

    @Test("A snapshot that is released while somebody reads at it goes when the last has left")
    func released() throws {
        let directory = try TemporaryDirectory()
        let opener = DatabaseOpener(directory: directory.path, options: RocksDBOptions(), logger: .quiet)
        let database = try opener.open()
        let moment = try #require(database.snapshots.take())
        let inner: Bool?? = database.snapshots.read(at: moment) { _ in
            database.snapshots.release(moment)
            #expect(database.property("rocksdb.num-snapshots") == 1)
            return database.snapshots.read(at: moment) { _ in true }
        }
        #expect(inner == .some(nil), "nobody comes after the release")
        #expect(database.property("rocksdb.num-snapshots") == 0)
        _ = try #require(database.snapshots.take())
        database.close()
    }

    @Test("A view is gone when the database was opened again, and its end touches nothing of the new one")
    func reopened() async throws {
        let directory = try TemporaryDirectory()
        let opener = DatabaseOpener(directory: directory.path, options: RocksDBOptions(), logger: .quiet)
        let gate = DatabaseGate(try opener.open())
        let reader = DatabaseReader(gate: gate, pool: IOPool(threadCount: 2), readsInPlace: true)
        let old = try await RocksDBView.open(MetadataStoreSuite.partition, with: reader)
        // Not on a thread of the cooperative pool: it may block.
        let next = try await reader.pool.run { () throws(StorageError) in
            gate.suspend()?.close()
            let next = try opener.open()
            gate.resume(with: next)
            return next
        }
        let new = try await RocksDBView.open(MetadataStoreSuite.partition, with: reader)
        await BlobStoreSuite.expect(.viewGone) { _ = try await old.scan(Self.everything, limit: 1) }
        old.close()
        #expect(next.property("rocksdb.num-snapshots") == 1)
        #expect(try await new.scan(Self.everything, limit: 1).isEmpty)
        new.close()
        #expect(next.property("rocksdb.num-snapshots") == 0)
        gate.suspend()?.close()
        gate.close()
    }
}
