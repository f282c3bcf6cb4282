import NIOCore
import Synchronization
import TernChecksums
import TernCore
import TernObjects
import TernPorts

/// A segment on its way: its bytes, and then their CRC64NVME in 8 bytes, big-endian.
final class SegmentSource: HTTPBodySource {
    private struct State {
        var crc = CRC64NVME()
        var isTrailerSent = false
        var failure: String?
    }

    private let reader: BodyReader
    private let state = Mutex(State())

    init(_ reader: BodyReader) {
        self.reader = reader
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
            if let chunk {
                chunk.withUnsafeReadableBytes { state.crc.update($0) }
                return chunk
            }
            if state.isTrailerSent { return nil }
            state.isTrailerSent = true
            return ByteBuffer(integer: state.crc.value)
        }
    }
}
