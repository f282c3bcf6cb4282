import Foundation
import TernStorage
import TernStorageTesting
import Testing

@testable import TernStorageRocksDB

@Suite("Garbage of separate values")
struct SeparateValueCollectionTests {
    private static let gibibyte: UInt64 = 1 << 30

    /// Shares of garbage in hundredths, and what part is taken after each.
    struct Course: Sendable, CustomTestStringConvertible {
        var shares: [UInt64]
        var quarters: [Int]
        var testDescription: String { "\(self.shares)" }
    }

    @Test(
        "How much is moved follows the share of garbage, and does not go on and off",
        arguments: [
            Course(shares: [0, 5, 14], quarters: [0, 0, 0]),
            Course(shares: [15, 12, 8, 7, 14], quarters: [1, 1, 1, 0, 0]),
            Course(shares: [39, 40, 59, 60, 100], quarters: [1, 2, 2, 4, 4]),
            Course(shares: [70, 45, 20, 10, 3], quarters: [4, 2, 1, 1, 0]),
        ])
    func course(_ course: Course) {
        var collection = SeparateValueCollection()
        for (share, quarters) in zip(course.shares, course.quarters) {
            let before = collection.quarters
            let isChanged = collection.update(
                liveByteCount: Self.gibibyte, garbageByteCount: Self.gibibyte / 100 * share + share)
            #expect(collection.quarters == quarters)
            #expect(isChanged == (before != quarters))
        }
    }

    @Test("Little garbage is left alone, whatever its share, and nothing is no garbage")
    func little() {
        var collection = SeparateValueCollection()
        for byteCount: UInt64 in [8 << 20, 0] {
            let isChanged = collection.update(liveByteCount: byteCount, garbageByteCount: byteCount)
            #expect(!isChanged)
        }
        #expect(collection.options.map(\.value) == ["false"])
    }

    /// As a bucket with objects that are overwritten all the time, and others that come between them and stay: each file
    /// of bodies has some of both, so that none goes by itself, and garbage would grow for ever.
    @Test("Objects that are overwritten leave bounded garbage behind among those that stay")
    func overwrites() async throws {
        let directory = try TemporaryDirectory()
        var options = RocksDBOptions()
        options.writeBufferByteCount = 1 << 20
        options.garbageCheckInterval = .zero
        let store = try await RocksDBMetadataStore.open(directory: directory.path, logger: .quiet, options: options)
        let body = [UInt8](repeating: 7, count: 16 << 10)
        let (overwritten, rounds, added) = (200, 60, 50)
        func key(_ kind: UInt8, _ number: Int) -> [UInt8] { [kind, UInt8(number >> 8), UInt8(number & 255)] }
        for round in 0..<rounds {
            for part in 0..<20 {
                var batch = MetadataBatch(partition: MetadataStoreSuite.partition)
                for number in stride(from: part, to: overwritten, by: 20) {
                    batch.put(key(0, number), body + [UInt8(round)])
                }
                for number in stride(from: part, to: added, by: 20) {
                    batch.put(key(1, round * added + number), body + [UInt8(round)])
                }
                try await store.commit(batch)
            }
        }
        let sizes = try await store.properties([
            "rocksdb.live-blob-file-size", "rocksdb.live-blob-file-garbage-size",
        ])
        let files = try #require(sizes["rocksdb.live-blob-file-size"])
        let garbage = try #require(sizes["rocksdb.live-blob-file-garbage-size"])
        // 50 MiB stay, and 187 MiB were overwritten.
        let data = UInt64((overwritten + rounds * added) * body.count)
        #expect(files > data / 2)
        #expect(files < data * 2, "\(files >> 20) MiB in files for \(data >> 20) MiB")
        #expect(garbage < data, "\(garbage >> 20) MiB of garbage for \(data >> 20) MiB")
        for number in 0..<overwritten {
            let value = try await store.get(key(0, number), in: MetadataStoreSuite.partition)
            #expect(value == body + [UInt8(rounds - 1)])
        }
        for number in 0..<(rounds * added) {
            let value = try await store.get(key(1, number), in: MetadataStoreSuite.partition)
            #expect(value == body + [UInt8(number / added)])
        }
        await store.close()
    }
}
