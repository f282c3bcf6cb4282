import Foundation
import Glibc
import TernStorage
import TernStorageTesting
import Testing

@testable import TernStorageRocksDB

@Suite("The metadata store, when something is wrong")
struct RocksDBFailureTests {
    @Test("A second store on the directory is refused, in this process and in another")
    func locked() async throws {
        let directory = try TemporaryDirectory()
        let store = try await RocksDBMetadataStore.open(directory: directory.path, logger: .quiet)
        do throws(StorageError) {
            _ = try await RocksDBMetadataStore.open(directory: directory.path, logger: .quiet)
            Issue.record("the directory was opened twice")
        } catch {
            #expect(error.code == .locked)
            #expect(error.message.contains(directory.path))
        }
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            await BlobStoreSuite.expect(.locked) {
                _ = try await RocksDBMetadataStore.open(directory: path, logger: .quiet)
            }
        }
        try await store.put(row: 1, byteCount: 1)
        await store.close()
        let next = try await RocksDBMetadataStore.open(directory: directory.path, logger: .quiet)
        #expect(try await next.hasWholeRow(1, byteCount: 1))
        await next.close()
    }

    @Test("A store that nobody keeps closes itself")
    func dropped() async throws {
        let directory = try TemporaryDirectory()
        do {
            let store = try await RocksDBMetadataStore.open(directory: directory.path, logger: .quiet)
            try await store.put(row: 1, byteCount: 1)
        }
        while true {
            do throws(StorageError) {
                let next = try await RocksDBMetadataStore.open(directory: directory.path, logger: .quiet)
                #expect(try await next.hasWholeRow(1, byteCount: 1))
                await next.close()
                return
            } catch {
                guard error.code == .locked else { throw error }
            }
        }
    }

    @Test(
        "Damage to a file is found when the store is opened or the data read, and never returned as data",
        arguments: [".sst", ".blob", "MANIFEST", "CURRENT"],
        [0.2, 0.5, 0.9]
    )
    func damaged(file: String, place: Double) async throws {
        let directory = try TemporaryDirectory()
        for _ in 0..<2 {
            // Opening writes what the log holds into files.
            let store = try await RocksDBMetadataStore.open(directory: directory.path, logger: .quiet)
            try await store.put(rows: 0..<200, byteCount: 1_500)
            await store.close()
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) where name.contains(file) {
            try RocksDBCrashTests.patch("\(directory.path)/\(name)") { bytes in
                for index in Int(place * Double(bytes.count))..<min(bytes.count, Int(place * Double(bytes.count)) + 8) {
                    bytes[index] ^= 0x10
                }
            }
        }
        // The log and the memory have the newest commits, so the files alone must not matter to them.
        do throws(StorageError) {
            let store = try await RocksDBMetadataStore.open(directory: directory.path, logger: .quiet)
            var damagedCount = 0
            for number in 0..<200 {
                do throws(StorageError) {
                    #expect(try await store.hasWholeRow(number, byteCount: 1_500))
                } catch {
                    #expect(error.code == .damaged, "\(error)")
                    damagedCount += 1
                }
            }
            let isFileOfData = file == ".sst" || file == ".blob"
            #expect(isFileOfData || damagedCount == 0)
            await store.close()
        } catch {
            #expect(error.code == .damaged, "\(error)")
            #expect(error.message.contains(directory.path))
        }
    }

    @Test("A truncated manifest never loses acknowledged commits silently", arguments: [1, 50, 200])
    func truncatedManifest(missingByteCount: Int) async throws {
        let directory = try TemporaryDirectory()
        for _ in 0..<3 {
            let store = try await RocksDBMetadataStore.open(directory: directory.path, logger: .quiet)
            try await store.put(rows: 0..<50, byteCount: 1_500)
            await store.close()
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) where name.contains("MANIFEST")
        {
            try RocksDBCrashTests.patch("\(directory.path)/\(name)") { $0.removeLast(min(missingByteCount, $0.count)) }
        }
        do throws(StorageError) {
            let store = try await RocksDBMetadataStore.open(directory: directory.path, logger: .quiet)
            for number in 0..<50 { #expect(try await store.hasWholeRow(number, byteCount: 1_500)) }
            await store.close()
        } catch {
            #expect(error.code == .damaged, "\(error)")
        }
    }

    @Test(
        "A full disk refuses commits but not reads, and takes commits again when there is room",
        .enabled(if: SmallDisk.isPossible)
    )
    func full() async throws {
        let disk = try SmallDisk(byteCount: 96 << 20)
        var options = RocksDBOptions()
        options.reopeningDelayMin = .milliseconds(10)
        options.writeBufferByteCount = 1 << 20
        let store = try await RocksDBMetadataStore.open(directory: disk.path + "/db", logger: .quiet, options: options)
        for number in 0..<20 { try await store.put(row: number, byteCount: 20_000) }
        try disk.fill()
        var acknowledged = Set(0..<20)
        var failures = 0
        for number in 20..<2_000 where failures < 20 {
            do throws(StorageError) {
                try await store.put(row: number, byteCount: 20_000)
                acknowledged.insert(number)
            } catch {
                #expect(error.code == .noSpace, "\(error)")
                failures += 1
                #expect(try await store.hasWholeRow(number % 20, byteCount: 20_000))
            }
        }
        #expect(failures == 20)
        try disk.empty()
        var attempts = 0
        while true {
            do throws(StorageError) {
                try await store.put(row: 5_000, byteCount: 20_000)
                acknowledged.insert(5_000)
                break
            } catch {
                attempts += 1
                try #require(attempts < 3_000, "\(error)")
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        for number in acknowledged { #expect(try await store.hasWholeRow(number, byteCount: 20_000)) }
        await store.close()
        let next = try await RocksDBMetadataStore.open(directory: disk.path + "/db", logger: .quiet)
        for number in acknowledged { #expect(try await next.hasWholeRow(number, byteCount: 20_000)) }
        await next.close()
    }

    @Test(
        "Errors of RocksDB have the code that callers decide on",
        arguments: [
            (
                "IO error: No space left on device: While appending to file: /d/000004.log: No space left on device",
                "noSpace"
            ),
            ("IO error: While open a file for appending: /d/000004.log: Disk quota exceeded", "noSpace"),
            ("IO error: While open a file for appending: /d/000004.log: Permission denied", "permissionDenied"),
            ("IO error: While mkdir if missing: /d: Read-only file system", "permissionDenied"),
            ("IO error: While lock file: /d/LOCK: Resource temporarily unavailable", "locked"),
            ("Corruption: block checksum mismatch: stored = 1, computed = 2", "damaged"),
            (
                "IO error: No such file or directory: While open a file: /d/000009.sst: No such file or directory",
                "damaged"
            ),
            ("IO error: While fdatasync: /d/000004.log: Input/output error", "io"),
        ]
    )
    func codes(text: String, code: String) {
        #expect(RocksDBStatus.error(text, "could not write to", directory: "/d").code.rawValue == code)
    }
}
