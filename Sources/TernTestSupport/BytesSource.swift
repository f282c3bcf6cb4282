package import NIOCore
import Synchronization
import TernPorts

/// Bytes as a request's body, or as an answer's, in chunks.
package final class BytesSource: HTTPBodySource, HTTPRequestBody {
    private let rest: Mutex<ByteBuffer>
    private let chunkBytes: Int

    package init(_ bytes: ByteBuffer, chunkBytes: Int = 64 * 1024) {
        self.rest = Mutex(bytes)
        self.chunkBytes = chunkBytes
    }

    package convenience init(_ bytes: [UInt8], chunkBytes: Int = 64 * 1024) {
        self.init(ByteBuffer(bytes: bytes), chunkBytes: chunkBytes)
    }

    package func next() async throws -> ByteBuffer? {
        self.rest.withLock { rest in
            rest.readableBytes == 0 ? nil : rest.readSlice(length: min(self.chunkBytes, rest.readableBytes))
        }
    }
}
