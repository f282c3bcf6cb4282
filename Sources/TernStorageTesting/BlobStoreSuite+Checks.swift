import NIOCore
package import TernStorage
import Testing

extension BlobStoreSuite {
    func checkLengths(_ store: any BlobStore) async throws {
        for byteCount in Self.byteCounts {
            let bytes = Self.pattern(byteCount)
            let id = try await store.write(bytes)
            #expect(try await store.open(id, in: Self.partition).byteCount == Int64(byteCount))
            #expect(try await store.read(id) == bytes, "\(byteCount) bytes")
            #expect(try await store.read(id, maximum: 100_000) == bytes, "\(byteCount) bytes")
        }
    }

    func checkRanges(_ store: any BlobStore) async throws {
        let bytes = Self.pattern(1_000_000)
        let id = try await store.write(bytes)
        let reader = try await store.open(id, in: Self.partition)
        let offsets = [0, 1, 131_071, 131_072, 131_073, 500_000, 262_143, 999_999, 5]
        for offset in offsets {
            for maximum in [1, 2, 131_072, 400_000, .max] {
                let piece = try await reader.read(at: Int64(offset), maximum: maximum)
                #expect(piece.readableBytes >= 1 && piece.readableBytes <= maximum)
                #expect(piece == bytes.getSlice(at: offset, length: piece.readableBytes))
            }
        }
        for offset in [1_000_000, 1_000_001, Int64.max] {
            #expect(try await reader.read(at: offset, maximum: 10).readableBytes == 0)
        }
    }

    func checkPieces(_ store: any BlobStore) async throws {
        let bytes = Self.pattern(1_500_000)
        for pieceByteCount in [1_000, 65_536, 131_073, 262_144, 700_000] {
            let writer = try await store.makeWriter(in: Self.partition)
            var rest = bytes
            while let piece = rest.readSlice(length: min(pieceByteCount, rest.readableBytes)), piece.readableBytes > 0 {
                try await writer.write(piece)
                try await writer.write(ByteBuffer())
            }
            let id = try await writer.finish()
            #expect(try await store.read(id) == bytes)
        }
    }

    func checkMissing(_ store: any BlobStore) async throws {
        let id = try await store.write(Self.pattern(10))
        let missing = try #require(BlobID([UInt8](repeating: 1, count: 16)))
        for (blob, partition) in [(missing, Self.partition), (id, Self.otherPartition)] {
            await Self.expect(.notFound) { _ = try await store.open(blob, in: partition) }
        }
    }

    func checkDiscarded(_ store: any BlobStore) async throws {
        for byteCount in [0, 10, 1_000_000] {
            let writer = try await store.makeWriter(in: Self.partition)
            try await writer.write(Self.pattern(byteCount))
            await writer.discard()
        }
        #expect(try await store.partitions().isEmpty)
    }

    func checkDropped(_ store: any BlobStore) async throws {
        for byteCount in [0, 10, 1_000_000] {
            let writer = try await store.makeWriter(in: Self.partition)
            try await writer.write(Self.pattern(byteCount))
        }
        #expect(try await store.partitions().isEmpty)
    }

    func checkClones(_ store: any BlobStore) async throws {
        var ids: [BlobID] = []
        for (seed, byteCount) in [0, 5, 200_000].enumerated() {
            ids.append(try await store.write(Self.pattern(byteCount, seed: UInt64(seed))))
        }
        let sources = [ids[2], ids[0], ids[1], ids[2]]
        for destination in [Self.otherPartition, Self.partition] {
            let clones = try await store.clone(sources, from: Self.partition, to: destination)
            #expect(Set(clones).count == sources.count && Set(clones).isDisjoint(with: sources))
            for (source, clone) in zip(sources, clones) {
                #expect(try await store.read(clone, in: destination) == store.read(source))
            }
        }
        #expect(try await store.clone([], from: Self.partition, to: Self.otherPartition).isEmpty)
    }

    func checkCloneOutlives(_ store: any BlobStore) async throws {
        let bytes = Self.pattern(300_000)
        let id = try await store.write(bytes)
        let clones = try await store.clone([id, id], from: Self.partition, to: Self.otherPartition)
        try await store.delete([id, clones[0]], in: Self.partition)
        await Self.expect(.notFound) { _ = try await store.open(id, in: Self.partition) }
        try await store.delete([clones[0]], in: Self.otherPartition)
        #expect(try await store.read(clones[1], in: Self.otherPartition) == bytes)
    }

    func checkCloneOfMissing(_ store: any BlobStore) async throws {
        let id = try await store.write(Self.pattern(10))
        let missing = try #require(BlobID([UInt8](repeating: 1, count: 16)))
        await Self.expect(.notFound) {
            _ = try await store.clone([id, missing], from: Self.partition, to: Self.otherPartition)
        }
        #expect(try await store.partitions() == [Self.partition])
    }

    func checkDeletion(_ store: any BlobStore) async throws {
        let bytes = Self.pattern(1_000_000)
        let id = try await store.write(bytes)
        let reader = try await store.open(id, in: Self.partition)
        try await store.delete([id], in: Self.partition)
        try await store.delete([id, id], in: Self.partition)
        try await store.delete([], in: Self.partition)
        await Self.expect(.notFound) { _ = try await store.open(id, in: Self.partition) }
        // Who has a blob open reads it to the end.
        let tail = try await reader.read(at: 900_000, maximum: 1_000)
        #expect(tail == bytes.getSlice(at: 900_000, length: tail.readableBytes))
    }

    func checkPartitions(_ store: any BlobStore) async throws {
        #expect(try await store.partitions().isEmpty)
        let partitions = [PartitionID(kind: .bucket, id: 1), PartitionID(kind: .bucket, id: .max, shard: 3)]
        var ids: [BlobID] = []
        for partition in partitions.reversed() { ids.append(try await store.write(Self.pattern(1), in: partition)) }
        #expect(try await store.partitions() == partitions)
        try await store.delete([ids[1]], in: partitions[0])
        #expect(try await store.partitions() == [partitions[1]])
    }

    func checkUnsettled(_ store: any BlobStore) async throws {
        let id = try await store.write(Self.pattern(10))
        _ = try await store.clone([id], from: Self.partition, to: Self.partition)
        #expect(try await store.unsettled(in: Self.partition, after: nil, limit: 10).isEmpty)
        #expect(try await store.unsettled(in: Self.otherPartition, after: nil, limit: 10).isEmpty)
    }

    /// For a store that was just opened, or has no grace period: everything in it is a candidate.
    package static func checkCandidates(_ expected: [BlobID], in store: any BlobStore) async throws {
        let ordered = expected.sorted()
        #expect(try await store.unsettled(in: self.partition, after: nil, limit: ordered.count + 1) == ordered)
        var cursor: BlobID?
        var paged: [BlobID] = []
        while true {
            let page = try await store.unsettled(in: self.partition, after: cursor, limit: 3)
            #expect(page.count <= 3)
            guard let last = page.last else { break }
            paged += page
            cursor = last
        }
        #expect(paged == ordered)
    }

    func checkConcurrency(_ store: any BlobStore) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in UInt64(0)..<24 {
                group.addTask {
                    let bytes = Self.pattern(100_000 + Int(seed) * 20_000, seed: seed)
                    let writer = try await store.makeWriter(in: Self.partition)
                    var rest = bytes
                    while let piece = rest.readSlice(length: min(50_000, rest.readableBytes)), piece.readableBytes > 0 {
                        try await writer.write(piece)
                    }
                    let id = try await writer.finish()
                    #expect(try await store.read(id, maximum: 77_777) == bytes)
                }
            }
            try await group.waitForAll()
        }
    }

    /// Expects that `body` throws a ``StorageError`` of this code.
    package static func expect(_ code: StorageError.Code, _ body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("nothing was thrown instead of \(code)")
        } catch {
            #expect((error as? StorageError)?.code == code, "\(error)")
        }
    }
}
