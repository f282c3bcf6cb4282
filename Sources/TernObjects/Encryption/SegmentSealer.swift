import FoundationEssentials
import NIOCore
import TernStorage

/// Seals a stream of plain bytes, chunk by chunk, into what is stored.
///
/// A full chunk is held back until it is known whether more comes, since the last one is sealed as such.
struct SegmentSealer {
    private let cipher: SegmentCipher
    private let isContinued: Bool
    private var number: UInt64
    private var pending = ByteBuffer()

    init(_ cipher: SegmentCipher, firstChunk: UInt64 = 0, isContinued: Bool = false) {
        self.cipher = cipher
        self.number = firstChunk
        self.isContinued = isContinued
    }

    /// Takes plain bytes and returns what of them can be stored.
    mutating func seal(_ bytes: ByteBuffer) throws(StorageError) -> ByteBuffer {
        var bytes = bytes
        var output = ByteBuffer()
        let total = self.pending.readableBytes + bytes.readableBytes
        if total > SegmentCipher.chunkBytes {
            output.reserveCapacity(total + (total / SegmentCipher.chunkBytes + 1) * self.cipher.overhead)
        }
        while self.pending.readableBytes + bytes.readableBytes > SegmentCipher.chunkBytes {
            if self.pending.readableBytes == 0, let chunk = bytes.readSlice(length: SegmentCipher.chunkBytes) {
                try self.seal(chunk, isLast: false, to: &output)
            } else if var rest = bytes.readSlice(length: SegmentCipher.chunkBytes - self.pending.readableBytes) {
                self.pending.writeBuffer(&rest)
                try self.seal(self.pending, isLast: false, to: &output)
                self.pending.clear()
            }
        }
        self.pending.writeBuffer(&bytes)
        return output
    }

    /// The rest, after the last bytes.
    mutating func finish() throws(StorageError) -> ByteBuffer {
        var output = ByteBuffer()
        if self.pending.readableBytes > 0 {
            try self.seal(self.pending, isLast: !self.isContinued, to: &output)
            self.pending.clear()
        }
        return output
    }

    private mutating func seal(_ chunk: ByteBuffer, isLast: Bool, to output: inout ByteBuffer) throws(StorageError) {
        var failure: StorageError?
        chunk.withUnsafeReadableBytes { bytes in
            do throws(StorageError) {
                try self.cipher.seal(bytes, number: self.number, isLast: isLast, to: &output)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        self.number += 1
    }
}
