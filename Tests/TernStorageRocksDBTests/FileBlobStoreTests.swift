import Foundation
import Glibc
import NIOCore
import TernStorage
import TernStorageTesting
import Testing

@testable import TernStorageRocksDB

@Suite("The blob store in files")
struct FileBlobStoreTests {
    @Test(
        "Damage is found, and never returned as data",
        arguments: [1, 131_072, 131_073, 300_000, 2_000_000],
        Damage.allCases
    )
    func damaged(byteCount: Int, damage: Damage) async throws {
        let directory = try TemporaryDirectory()
        let store = try await FileBlobStore.open(directory: directory.path, logger: .quiet)
        let bytes = BlobStoreSuite.pattern(byteCount)
        let id = try await store.write(bytes)
        let path = BlobPaths(root: directory.path).file(of: id, in: BlobStoreSuite.partition)
        try RocksDBCrashTests.patch(path) { damage.apply(to: &$0, byteCount: byteCount) }
        await BlobStoreSuite.expect(.damaged) {
            let reader = try await store.open(id, in: BlobStoreSuite.partition)
            var offset = 0
            while offset < byteCount {
                let piece = try await reader.read(at: Int64(offset), maximum: 50_000)
                #expect(piece == bytes.getSlice(at: offset, length: piece.readableBytes))
                offset += piece.readableBytes
            }
        }
    }

    enum Damage: CaseIterable {
        case firstBit, middleBit, lastBit, tableBit, trailerMagic, trailerLength, trailerChecksum
        case missingByte, missingHalf, empty, extraByte

        func apply(to file: inout Data, byteCount: Int) {
            switch self {
            case .firstBit: file[0] ^= 1
            case .middleBit: file[byteCount / 2] ^= 128
            case .lastBit: file[byteCount - 1] ^= 1
            case .tableBit: file[byteCount] ^= 1
            case .trailerMagic: file[file.count - 32] ^= 1
            case .trailerLength: file[file.count - 16] ^= 1
            case .trailerChecksum: file[file.count - 1] ^= 1
            case .missingByte: file.removeLast()
            case .missingHalf: file.removeLast(file.count / 2)
            case .empty: file = Data()
            case .extraByte: file.append(0)
            }
        }
    }

    @Test("The error of a damaged block names the file and the block; other blocks can be read")
    func damagedBlock() async throws {
        let directory = try TemporaryDirectory()
        let store = try await FileBlobStore.open(directory: directory.path, logger: .quiet)
        let bytes = BlobStoreSuite.pattern(4_000_000)
        let id = try await store.write(bytes)
        let path = BlobPaths(root: directory.path).file(of: id, in: BlobStoreSuite.partition)
        try RocksDBCrashTests.patch(path) { $0[131_072 * 20 + 5] ^= 4 }
        let reader = try await store.open(id, in: BlobStoreSuite.partition)
        let start = try await reader.read(at: 0, maximum: 1 << 20)
        #expect(start == bytes.getSlice(at: 0, length: start.readableBytes))
        do throws(StorageError) {
            _ = try await reader.read(at: 131_072 * 20, maximum: 1)
            Issue.record("the damage was not found")
        } catch {
            #expect(error.code == .damaged)
            #expect(error.message.contains(path) && error.message.contains("block 20"))
        }
        let end = try await reader.read(at: 3_900_000, maximum: 1_000)
        #expect(end == bytes.getSlice(at: 3_900_000, length: 1_000))
    }

    @Test("A clone is a hard link: it copies no byte")
    func cloneIsLink() async throws {
        let directory = try TemporaryDirectory()
        let store = try await FileBlobStore.open(directory: directory.path, logger: .quiet)
        let partition = BlobStoreSuite.partition
        let id = try await store.write(BlobStoreSuite.pattern(500_000))
        let clones = try await store.clone([id, id, id], from: partition, to: BlobStoreSuite.otherPartition)
        let paths = BlobPaths(root: directory.path)
        let files =
            [paths.file(of: id, in: partition)] + clones.map { paths.file(of: $0, in: BlobStoreSuite.otherPartition) }
        #expect(Set(try files.map(Self.inode)).count == 1)
        #expect(Set(clones.map { $0.bytes[0] }).count == 1, "one directory for one sync")
    }

    @Test(
        "More clones than a file may have links start a copy",
        .enabled(if: FileBlobStoreTests.linkCountMax <= 65_000)
    )
    func manyClones() async throws {
        let directory = try TemporaryDirectory()
        let store = try await FileBlobStore.open(directory: directory.path, logger: .quiet)
        let bytes = BlobStoreSuite.pattern(200_000)
        let id = try await store.write(bytes)
        let batch = [BlobID](repeating: id, count: Self.linkCountMax / 5)
        var last: BlobID?
        for _ in 0..<5 {
            last = try await store.clone(batch, from: BlobStoreSuite.partition, to: BlobStoreSuite.otherPartition).last
        }
        #expect(try await store.read(try #require(last), in: BlobStoreSuite.otherPartition) == bytes)
    }

    private static var linkCountMax: Int { pathconf(FileManager.default.temporaryDirectory.path, Int32(_PC_LINK_MAX)) }

    private static func inode(_ path: String) throws -> UInt64 {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return UInt64(status.st_ino)
    }

    @Test(
        "What a process left unfinished is gone after the next open; what it finished is a candidate for the collector"
    )
    func reopened() async throws {
        let directory = try TemporaryDirectory()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = directory.path as String] in
            let store = try await FileBlobStore.open(directory: path, logger: .quiet)
            for seed in UInt64(0)..<10 { _ = try await store.write(BlobStoreSuite.pattern(100_000, seed: seed)) }
            let writer = try await store.makeWriter(in: BlobStoreSuite.partition)
            try await writer.write(BlobStoreSuite.pattern(1_000_000))
            kill(getpid(), SIGKILL)
            _ = try await writer.finish()
        }
        let temporary = BlobPaths(root: directory.path).temporary
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).count == 1)
        let store = try await FileBlobStore.open(directory: directory.path, logger: .quiet)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)
        let ids = try await store.unsettled(in: BlobStoreSuite.partition, after: nil, limit: 100)
        #expect(ids.count == 10)
        try await BlobStoreSuite.checkCandidates(ids, in: store)
        let fresh = try await store.clone([ids[0]], from: BlobStoreSuite.partition, to: BlobStoreSuite.partition)
        #expect(fresh.count == 1)
        try await BlobStoreSuite.checkCandidates(ids, in: store)
    }

    @Test("Without a grace period, every blob is a candidate at once")
    func noGrace() async throws {
        let directory = try TemporaryDirectory()
        var options = FileBlobOptions()
        options.gracePeriod = .zero
        let store = try await FileBlobStore.open(directory: directory.path, logger: .quiet, options: options)
        var ids: [BlobID] = []
        for _ in 0..<10 { ids.append(try await store.write(BlobStoreSuite.pattern(1))) }
        try await BlobStoreSuite.checkCandidates(ids, in: store)
    }

    @Test("Blobs are recent for the grace period, and no longer than a quarter more")
    func recent() throws {
        let recent = RecentBlobs(gracePeriod: .seconds(100), countMax: 50)
        let start = ContinuousClock.now
        let ids = try (UInt8(0)..<60).map { try #require(BlobID([UInt8](repeating: $0, count: 16))) }
        recent.insert([ids[0]], at: start)
        recent.insert([ids[1]], at: start + .seconds(24))
        #expect(recent.settled([ids[0], ids[1], ids[2]], at: start + .seconds(124)) == [ids[2]])
        #expect(recent.settled([ids[0], ids[1]], at: start + .seconds(125)) == [ids[0], ids[1]])
        recent.insert(ids, at: start + .seconds(200))
        recent.insert([ids[3]], at: start + .seconds(210))
        #expect(recent.settled([ids[59]], at: start + .seconds(220)).isEmpty, "too many: all are recent")
        #expect(recent.settled(ids, at: start + .seconds(400)) == ids)
    }

    @Test("Under the reserve, new blobs are refused, and leave nothing")
    func reserve() async throws {
        let directory = try TemporaryDirectory()
        var options = FileBlobOptions()
        options.reserveByteCount = .max
        let store = try await FileBlobStore.open(directory: directory.path, logger: .quiet, options: options)
        for byteCount in [1, 1_000_000] {
            await BlobStoreSuite.expect(.noSpace) { _ = try await store.write(BlobStoreSuite.pattern(byteCount)) }
        }
        #expect(try await store.partitions().isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: BlobPaths(root: directory.path).temporary).isEmpty)
    }

    @Test("A full disk refuses blobs, and takes them when there is room", .enabled(if: SmallDisk.isPossible))
    func full() async throws {
        let disk = try SmallDisk(byteCount: 4 << 20)
        var options = FileBlobOptions()
        options.reserveByteCount = 0
        let store = try await FileBlobStore.open(directory: disk.path + "/blobs", logger: .quiet, options: options)
        let bytes = BlobStoreSuite.pattern(1_000_000)
        let id = try await store.write(bytes)
        try disk.fill()
        await BlobStoreSuite.expect(.noSpace) { _ = try await store.write(bytes) }
        #expect(try await store.read(id) == bytes)
        try disk.empty()
        #expect(try await store.read(store.write(bytes)) == bytes)
    }

    @Test("A second store on the directory is refused until the first is gone")
    func locked() async throws {
        let directory = try TemporaryDirectory()
        try await {
            let store = try await FileBlobStore.open(directory: directory.path, logger: .quiet)
            await #expect(processExitsWith: .success) { [path = directory.path as String] in
                await BlobStoreSuite.expect(.locked) {
                    _ = try await FileBlobStore.open(directory: path, logger: .quiet)
                }
            }
            #expect(try await store.partitions().isEmpty)
        }()
        _ = try await FileBlobStore.open(directory: directory.path, logger: .quiet)
    }
}
