import FoundationEssentials
import NIOCore
import TernRecords
import TernStorage

/// An encrypted segment of a body: how its plain bytes lie in the stored ones, and what opens them.
struct SealedSegment: Sendable {
    private let cipher: SegmentCipher
    private let firstChunk: UInt64
    private let isContinued: Bool
    let byteCount: Int64

    init(_ segment: BodySegment, cipher: BodyCipher) {
        self.cipher = cipher.segment(salt: segment.cipherSalt)
        self.firstChunk = segment.firstChunk
        self.isContinued = segment.isContinued
        self.byteCount = segment.byteCount
    }

    private var storedChunkBytes: Int { SegmentCipher.chunkBytes + self.cipher.overhead }

    /// Bytes that the segment has where it lies.
    var storedByteCount: Int64 { Self.storedByteCount(of: self.byteCount, overhead: self.cipher.overhead) }

    static func storedByteCount(of byteCount: Int64, overhead: Int) -> Int64 {
        byteCount + self.chunkCount(of: byteCount) * Int64(overhead)
    }

    static func chunkCount(of byteCount: Int64) -> Int64 {
        let size = Int64(SegmentCipher.chunkBytes)
        return byteCount / size + (byteCount % size == 0 ? 0 : 1)
    }

    /// The stored bytes that have the first plain bytes from `offset` on: whole chunks, for at most `maximum` plain
    /// bytes and at least one chunk.
    func storedRange(from offset: Int64, maximum: Int64) -> Range<Int64> {
        let size = Int64(SegmentCipher.chunkBytes)
        let first = offset / size
        let limit = max((offset + maximum) / size, first + 1)
        let end = min(limit, Self.chunkCount(of: self.byteCount))
        let start = first * Int64(self.storedChunkBytes)
        return start..<max(start, min(end * Int64(self.storedChunkBytes), self.storedByteCount))
    }

    /// The stored bytes of all chunks that have bytes of a range.
    func storedRange(of range: Range<Int64>) -> Range<Int64> {
        let size = Int64(SegmentCipher.chunkBytes)
        let end = Self.chunkCount(of: range.upperBound)
        let start = range.lowerBound / size * Int64(self.storedChunkBytes)
        return start..<max(start, min(end * Int64(self.storedChunkBytes), self.storedByteCount))
    }

    /// Opens the chunks of a stored range and returns those of their bytes that are wanted.
    ///
    /// - Parameters:
    ///   - stored: The bytes of ``storedRange(from:maximum:)``.
    ///   - wanted: A range of plain bytes; what lies before or behind the chunks is left out.
    func open(_ stored: ByteBuffer, at start: Int64, wanted: Range<Int64>) throws(StorageError) -> ByteBuffer {
        let result = stored.withUnsafeReadableBytes { bytes -> Result<ByteBuffer, StorageError> in
            do throws(StorageError) {
                return .success(try self.open(bytes, at: start, wanted: wanted))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// As ``open(_:at:wanted:)``.
    func open(
        _ stored: UnsafeRawBufferPointer, at start: Int64, wanted: Range<Int64>
    ) throws(StorageError) -> ByteBuffer {
        let size = Int64(SegmentCipher.chunkBytes)
        var index = start / Int64(self.storedChunkBytes)
        let lastIndex = Self.chunkCount(of: self.byteCount) - 1
        var output = ByteBuffer()
        output.reserveCapacity(min(stored.count, wanted.count))
        var position = 0
        while position < stored.count {
            let end = min(position + self.storedChunkBytes, stored.count)
            let plain = try self.cipher.open(
                UnsafeRawBufferPointer(rebasing: stored[position..<end]), number: self.firstChunk &+ UInt64(index),
                isLast: index == lastIndex && !self.isContinued)
            let chunkStart = index * size
            let part = wanted.clamped(to: chunkStart..<chunkStart + Int64(plain.count))
            plain.withUnsafeBytes { bytes in
                let slice = bytes[Int(part.lowerBound - chunkStart)..<Int(part.upperBound - chunkStart)]
                _ = output.writeBytes(slice)
            }
            position = end
            index += 1
        }
        return output
    }
}
