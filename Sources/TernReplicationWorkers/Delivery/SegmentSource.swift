import NIOCore
import Synchronization
import TernChecksums
import TernCore
import TernObjects
import TernPorts

/// A segment on its way: its bytes, and behind each block, and behind the last byte, the CRC64NVME of all so far in 8
/// bytes, big-endian.
final class SegmentSource: HTTPBodySource {
    private struct State {
        var crc = CRC64NVME()
        /// Bytes behind the last checksum.
        var open: Int64 = 0
        var isEnded = false
        var failure: String?

        mutating func add(_ bytes: ByteBuffer) {
            bytes.withUnsafeReadableBytes { self.crc.update($0) }
            self.open += Int64(bytes.readableBytes)
        }
    }

    private let reader: BodyReader
    private let blockBytes: Int64
    private let state = Mutex(State())

    /// - Parameter blockBytes: 0 for one block.
    init(_ reader: BodyReader, blockBytes: Int64) {
        self.reader = reader
        self.blockBytes = blockBytes == 0 ? .max : blockBytes
    }

    /// Why the source could not be read; `nil` while it can.
    var failure: String? { self.state.withLock { $0.failure } }

    func next() async throws -> ByteBuffer? {
        let chunk: ByteBuffer?
        do {
            chunk = try await self.reader.next()
        } catch {
            self.state.withLock { $0.failure = "\(error)" }
            throw error
        }
        return self.state.withLock { state in
            if let chunk { return self.withChecksums(chunk, &state) }
            if state.isEnded || state.open == 0 { return nil }
            state.isEnded = true
            return ByteBuffer(integer: state.crc.value)
        }
    }

    private func withChecksums(_ chunk: ByteBuffer, _ state: inout State) -> ByteBuffer {
        // No checksum falls into it: the usual case of large blocks, and nothing is copied.
        if state.open + Int64(chunk.readableBytes) < self.blockBytes {
            state.add(chunk)
            return chunk
        }
        var rest = chunk
        var output = ByteBuffer()
        output.reserveCapacity(chunk.readableBytes + (chunk.readableBytes / Int(self.blockBytes) + 1) * 8)
        while let bytes = rest.readSlice(
            length: Int(min(self.blockBytes - state.open, Int64(rest.readableBytes)))), bytes.readableBytes > 0
        {
            state.add(bytes)
            output.writeImmutableBuffer(bytes)
            if state.open == self.blockBytes {
                output.writeInteger(state.crc.value)
                state.open = 0
            }
        }
        return output
    }
}
