package import NIOCore
package import TernStorage
import Testing

/// What every ``BlobStore`` does, as checks that an engine's tests run one by one.
package struct BlobStoreSuite: Sendable {
    package enum Check: String, CaseIterable, Sendable {
        case aBlobHasTheBytesThatWereWritten
        case anyRangeCanBeRead
        case piecesOfAnySizeMakeOneBlob
        case aMissingBlobIsNotFound
        case aDiscardedBlobLeavesNothing
        case aDroppedBlobLeavesNothing
        case aCloneHasTheSameBytes
        case aCloneOutlivesItsSource
        case aCloneOfAMissingBlobMakesNone
        case deletingTwiceIsNoError
        case partitionsWithBlobsAreListed
        case blobsOfThisProcessAreNotForTheCollector
        case theDeviceHasFreeBytes
        case manyWritersDoNotMixTheirBytes
    }

    let open: @Sendable () async throws -> any BlobStore

    package init(open: @escaping @Sendable () async throws -> any BlobStore) {
        self.open = open
    }

    package func run(_ check: Check) async throws {
        let store = try await self.open()
        switch check {
        case .aBlobHasTheBytesThatWereWritten: try await self.checkLengths(store)
        case .anyRangeCanBeRead: try await self.checkRanges(store)
        case .piecesOfAnySizeMakeOneBlob: try await self.checkPieces(store)
        case .aMissingBlobIsNotFound: try await self.checkMissing(store)
        case .aDiscardedBlobLeavesNothing: try await self.checkDiscarded(store)
        case .aDroppedBlobLeavesNothing: try await self.checkDropped(store)
        case .aCloneHasTheSameBytes: try await self.checkClones(store)
        case .aCloneOutlivesItsSource: try await self.checkCloneOutlives(store)
        case .aCloneOfAMissingBlobMakesNone: try await self.checkCloneOfMissing(store)
        case .deletingTwiceIsNoError: try await self.checkDeletion(store)
        case .partitionsWithBlobsAreListed: try await self.checkPartitions(store)
        case .blobsOfThisProcessAreNotForTheCollector: try await self.checkUnsettled(store)
        case .theDeviceHasFreeBytes: #expect(try await store.freeBytes() > 0)
        case .manyWritersDoNotMixTheirBytes: try await self.checkConcurrency(store)
        }
    }

    package static let partition = PartitionID(kind: .bucket, id: 7)
    package static let otherPartition = PartitionID(kind: .bucket, id: 8)

    /// Lengths around the borders of blocks of 128 KiB, and of reads and writes of 256 KiB and 1 MiB.
    package static let byteCounts: [Int] = {
        var byteCounts = [0, 1, 2, 4_096]
        for blockCount in [1, 2, 3, 8] {
            for difference in -1...1 { byteCounts.append(blockCount * 131_072 + difference) }
        }
        byteCounts.append(3_000_001)
        return byteCounts
    }()

    /// Bytes that differ from place to place, and with the seed.
    package static func pattern(_ byteCount: Int, seed: UInt64 = 0) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(byteCount + 8)
        var word = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        while buffer.readableBytes < byteCount {
            word ^= word << 13
            word ^= word >> 7
            word ^= word << 17
            buffer.writeInteger(word)
        }
        return buffer.getSlice(at: 0, length: byteCount) ?? ByteBuffer()
    }
}

extension BlobStore {
    /// Writes a blob in one piece.
    package func write(
        _ bytes: ByteBuffer,
        in partition: PartitionID = BlobStoreSuite.partition
    ) async throws(StorageError) -> BlobID {
        let writer = try await self.makeWriter(in: partition)
        try await writer.write(bytes)
        return try await writer.finish()
    }

    /// Reads a whole blob.
    package func read(
        _ id: BlobID,
        in partition: PartitionID = BlobStoreSuite.partition,
        maximum: Int = 1 << 20
    ) async throws(StorageError) -> ByteBuffer {
        let reader = try await self.open(id, in: partition)
        var bytes = ByteBuffer()
        while true {
            let piece = try await reader.read(at: Int64(bytes.readableBytes), maximum: maximum)
            guard piece.readableBytes > 0 else { return bytes }
            #expect(piece.readableBytes <= maximum)
            bytes.writeImmutableBuffer(piece)
        }
    }
}
