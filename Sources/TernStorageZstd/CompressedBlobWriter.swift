import NIOCore
import Synchronization
import TernStorage

/// Writes one compressed blob: whole blocks as they fill, the index at the end.
final class CompressedBlobWriter: BlobWriter {
    private struct State {
        var pending = ByteBuffer()
        var index = CompressedBlobIndex()

        /// A whole block, or at the end what is left; `nil` if there is none.
        mutating func takeBlock(isEnd: Bool) -> ByteBuffer? {
            let wanted = min(self.pending.readableBytes, CompressedBlobIndex.blockByteCount)
            guard wanted == CompressedBlobIndex.blockByteCount || (isEnd && wanted > 0) else {
                self.pending.discardReadBytes()
                return nil
            }
            return self.pending.readSlice(length: wanted)
        }
    }

    private let writer: any BlobWriter
    private let state = Mutex(State())

    init(_ writer: any BlobWriter) {
        self.writer = writer
    }

    func write(_ bytes: ByteBuffer) async throws(StorageError) {
        self.state.withLock { state in
            state.index.byteCount += Int64(bytes.readableBytes)
            state.pending.writeImmutableBuffer(bytes)
        }
        try await self.writeBlocks(isEnd: false)
    }

    private func writeBlocks(isEnd: Bool) async throws(StorageError) {
        while let block = self.state.withLock({ $0.takeBlock(isEnd: isEnd) }) {
            let stored = try await Zstandard.compress(block)
            self.state.withLock { $0.index.storedByteCounts.append(UInt32(stored.readableBytes)) }
            try await self.writer.write(stored)
        }
    }

    func finish() async throws(StorageError) -> BlobID {
        do throws(StorageError) {
            try await self.writeBlocks(isEnd: true)
            try await self.writer.write(self.state.withLock { $0.index.encode() })
        } catch {
            await self.writer.discard()
            throw error
        }
        return try await self.writer.finish()
    }

    func discard() async {
        await self.writer.discard()
    }
}
