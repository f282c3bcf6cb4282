import Foundation
import Glibc
import TernStorage
import TernStorageRocksDB
import TernStorageTesting
import Testing

@Suite("The metadata store after a crash")
struct RocksDBCrashTests {
    @Test("Every commit that was acknowledged before kill -9 is there", arguments: [50, 400, 1_500])
    func killed(acknowledgedCount: Int) async throws {
        let directory = try TemporaryDirectory()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = directory.path as String, acknowledgedCount] in
            let store = try await RocksDBMetadataStore.open(directory: path + "/db", logger: .quiet)
            let log = open(path + "/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o644)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<16 {
                    group.addTask {
                        for index in 0... {
                            let number = index * 16 + writer
                            try await store.put(row: number, byteCount: 2_000)
                            // One append of a few bytes: whole, and in the kernel before the process can die.
                            let line = "\(number)\n"
                            _ = line.withCString { write(log, $0, strlen($0)) }
                            if number > acknowledgedCount { kill(getpid(), SIGKILL) }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        let acknowledged = try String(contentsOfFile: directory.path + "/acknowledged", encoding: .utf8)
            .split(separator: "\n").compactMap { Int($0) }
        #expect(acknowledged.count >= acknowledgedCount / 16)
        let store = try await RocksDBMetadataStore.open(directory: directory.path + "/db", logger: .quiet)
        for number in acknowledged { #expect(try await store.hasWholeRow(number, byteCount: 2_000)) }
        // Both rows of a commit or none.
        let all = KeyRange(from: [], to: nil)
        let keys = try await store.scan(all, in: MetadataStoreSuite.partition, limit: .max).map(\.key)
        let bodies = keys.filter { $0[0] == 1 }.map { Array($0.dropFirst()) }
        let rows = keys.filter { $0[0] == 2 }.map { Array($0.dropFirst()) }
        #expect(bodies == rows)
        await store.close()
    }

    @Test("A copy made while the store writes has every commit acknowledged before")
    func copied() async throws {
        let directory = try TemporaryDirectory()
        let store = try await RocksDBMetadataStore.open(directory: directory.path + "/db", logger: .quiet)
        for number in 0..<30 { try await store.put(row: number, byteCount: 2_000) }
        async let more: Void = {
            for number in 30..<150 { try await store.put(row: number, byteCount: 2_000) }
        }()
        try FileManager.default.copyItem(atPath: directory.path + "/db", toPath: directory.path + "/copy")
        try await more
        await store.close()
        let copy = try await RocksDBMetadataStore.open(directory: directory.path + "/copy", logger: .quiet)
        for number in 0..<30 { #expect(try await copy.hasWholeRow(number, byteCount: 2_000)) }
        await copy.close()
    }

    @Test("A torn last write is dropped, and nothing else", arguments: [1, 2, 100, 2_000, 2_085, 2_100, 40_000])
    func tornTail(missingByteCount: Int) async throws {
        let directory = try TemporaryDirectory()
        let log = try await Self.makeLog(in: directory, lastByteCount: 50_000)
        let file = try #require(FileHandle(forUpdatingAtPath: log))
        let byteCount = try file.seekToEnd()
        try file.truncate(atOffset: byteCount - UInt64(missingByteCount))
        try file.close()
        try await Self.checkOnlyLastIsMissing(directory)
    }

    @Test(
        "A last write that reached the disk in parts is dropped, and nothing else",
        arguments: [0, 512, 30_000, 49_000]
    )
    func partialTail(zeroedFrom offset: Int) async throws {
        let directory = try TemporaryDirectory()
        let log = try await Self.makeLog(in: directory, lastByteCount: 50_000)
        try Self.patch(log) { bytes in
            let start = bytes.count - 50_000 + offset
            for index in start..<(start + 512) { bytes[index] = 0 }
        }
        try await Self.checkOnlyLastIsMissing(directory)
    }

    @Test("A flipped bit in an acknowledged commit of the log is damage", arguments: [10, 500, 5_000, 15_000])
    func flippedBit(offset: Int) async throws {
        let directory = try TemporaryDirectory()
        let log = try await Self.makeLog(in: directory, lastByteCount: 50_000)
        try Self.patch(log) { $0[offset] ^= 1 }
        await BlobStoreSuite.expect(.damaged) {
            _ = try await RocksDBMetadataStore.open(directory: directory.path + "/copy", logger: .quiet)
        }
    }

    /// Twenty commits of 1,000 bytes and a last one, all in a log file of a store that was not closed.
    private static func makeLog(in directory: TemporaryDirectory, lastByteCount: Int) async throws -> String {
        let store = try await RocksDBMetadataStore.open(directory: directory.path + "/db", logger: .quiet)
        for number in 0..<20 { try await store.put(row: number, byteCount: 1_000) }
        try await store.put(row: 20, byteCount: lastByteCount)
        let copy = directory.path + "/copy"
        try FileManager.default.copyItem(atPath: directory.path + "/db", toPath: copy)
        await store.close()
        let logs = try FileManager.default.contentsOfDirectory(atPath: copy).filter { $0.hasSuffix(".log") }
        return copy + "/" + (try #require(logs.sorted().last))
    }

    private static func checkOnlyLastIsMissing(_ directory: TemporaryDirectory) async throws {
        let store = try await RocksDBMetadataStore.open(directory: directory.path + "/copy", logger: .quiet)
        for number in 0..<20 { #expect(try await store.hasWholeRow(number, byteCount: 1_000)) }
        #expect(try await store.get(RocksDBMetadataStore.key(1, 20), in: MetadataStoreSuite.partition) == nil)
        #expect(try await store.get(RocksDBMetadataStore.key(2, 20), in: MetadataStoreSuite.partition) == nil)
        try await store.put(row: 21, byteCount: 10)
        await store.close()
        let again = try await RocksDBMetadataStore.open(directory: directory.path + "/copy", logger: .quiet)
        #expect(try await again.hasWholeRow(21, byteCount: 10))
        await again.close()
    }

    static func patch(_ path: String, _ body: (inout Data) -> Void) throws {
        var bytes = try Data(contentsOf: URL(filePath: path))
        body(&bytes)
        try bytes.write(to: URL(filePath: path))
    }
}

extension RocksDBMetadataStore {
    static func key(_ table: UInt8, _ number: Int) -> [UInt8] {
        [table] + withUnsafeBytes(of: UInt32(number).bigEndian) { [UInt8]($0) }
    }

    private static func body(_ number: Int, _ byteCount: Int) -> [UInt8] {
        (0..<byteCount).map { UInt8(truncatingIfNeeded: ($0 &* 7) ^ number ^ ($0 >> 8)) }
    }

    /// A commit of a body and a small row.
    func put(row number: Int, byteCount: Int) async throws(StorageError) {
        try await self.put(rows: number..<(number + 1), byteCount: byteCount)
    }

    /// One commit of many bodies and small rows.
    func put(rows numbers: Range<Int>, byteCount: Int) async throws(StorageError) {
        var batch = MetadataBatch(partition: MetadataStoreSuite.partition)
        for number in numbers {
            batch.put(Self.key(1, number), Self.body(number, byteCount))
            batch.put(Self.key(2, number), [UInt8(truncatingIfNeeded: number)])
        }
        try await self.commit(batch)
    }

    func hasWholeRow(_ number: Int, byteCount: Int) async throws(StorageError) -> Bool {
        let partition = MetadataStoreSuite.partition
        guard try await self.get(Self.key(1, number), in: partition) == Self.body(number, byteCount) else {
            return false
        }
        return try await self.get(Self.key(2, number), in: partition) == [UInt8(truncatingIfNeeded: number)]
    }
}
