import AsyncHTTPClient
import NIOCore
import TernPorts

/// The body of another region's answer, pulled at the pace of its reader: frames first, where it has some, then the
/// rest as it comes. One consumer.
actor ResponseStream: HTTPBodySource {
    private var iterator: HTTPClientResponse.Body.AsyncIterator
    /// Received and not yet taken.
    private var buffer = ByteBuffer()

    init(_ body: HTTPClientResponse.Body) {
        self.iterator = body.makeAsyncIterator()
    }

    func next() async throws -> ByteBuffer? {
        if self.buffer.readableBytes > 0 {
            defer { self.buffer = ByteBuffer() }
            return self.buffer
        }
        return try await self.pull()
    }

    /// The next frame. Throws ``FramingError`` if it is over the limit or cut off.
    func frame(limit: Int) async throws -> ByteBuffer {
        while true {
            if let length = self.buffer.getInteger(at: self.buffer.readerIndex, as: UInt32.self), length > limit {
                throw FramingError("a frame of \(length) bytes is over the limit")
            }
            if let frame = Frames.next(&self.buffer) { return frame }
            guard var chunk = try await self.pull() else { throw FramingError("a frame is cut off") }
            self.buffer.writeBuffer(&chunk)
        }
    }

    private func pull() async throws -> ByteBuffer? {
        var iterator = self.iterator
        defer { self.iterator = iterator }
        return try await iterator.next(isolation: self)
    }
}
