package import NIOCore
import SwiftProtobuf
package import TernObjects
import TernPorts
import TernRecords

/// A stream between regions that is not what it should be.
package struct FramingError: Error, Sendable, Hashable {
    package var message: String

    package init(_ message: String) {
        self.message = message
    }
}

/// Frames: a length of four bytes, big-endian, and so many bytes. An item is two frames: its record and its body.
package enum Frames {
    static let lengthBytes = 4

    /// Writes items one after another.
    package static func encode(_ items: [IngestItem]) throws(FramingError) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(items.reduce(0) { $0 + $1.body.readableBytes + 512 })
        for item in items {
            self.append(try self.bytes(of: item.replica), to: &buffer)
            buffer.writeInteger(UInt32(item.body.readableBytes))
            buffer.writeImmutableBuffer(item.body)
        }
        return buffer
    }

    /// Writes messages one after another.
    static func encode(_ messages: [some SwiftProtobuf.Message]) throws(FramingError) -> ByteBuffer {
        var buffer = ByteBuffer()
        for message in messages { self.append(try self.bytes(of: message), to: &buffer) }
        return buffer
    }

    /// Reads messages until the end of the buffer.
    static func decode<Message: SwiftProtobuf.Message>(
        _ buffer: inout ByteBuffer,
        as type: Message.Type
    ) throws(FramingError) -> [Message] {
        var messages: [Message] = []
        while buffer.readableBytes > 0 {
            guard let frame = self.next(&buffer) else { throw FramingError("a frame is cut off") }
            messages.append(try self.message(frame))
        }
        return messages
    }

    static func append(_ bytes: [UInt8], to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt32(bytes.count))
        buffer.writeBytes(bytes)
    }

    /// The next whole frame; `nil` when it is not there yet.
    static func next(_ buffer: inout ByteBuffer) -> ByteBuffer? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self),
            buffer.readableBytes >= self.lengthBytes + Int(length)
        else { return nil }
        buffer.moveReaderIndex(forwardBy: self.lengthBytes)
        return buffer.readSlice(length: Int(length))
    }

    static func message<Message: SwiftProtobuf.Message>(_ frame: ByteBuffer) throws(FramingError) -> Message {
        do {
            return try Message(serializedBytes: Array(frame.readableBytesView))
        } catch {
            throw FramingError("a record cannot be read")
        }
    }

    static func bytes(of message: some SwiftProtobuf.Message) throws(FramingError) -> [UInt8] {
        do { return try message.serializedBytes() } catch { throw FramingError("a record cannot be written") }
    }
}

/// Reads items from a request as its bytes come in: at most one item and one chunk are in memory.
struct ItemReader {
    private let body: any HTTPRequestBody
    private var buffer = ByteBuffer()
    private var itemCount = 0
    private var byteCount = 0

    init(_ body: any HTTPRequestBody) {
        self.body = body
    }

    /// The next item, or `nil` at the end of the request. Throws ``FramingError``, or what the connection threw.
    mutating func next() async throws -> IngestItem? {
        guard let record = try await self.frame(limit: IngestLimits.recordBytesPerItem, mayEnd: true) else {
            return nil
        }
        self.itemCount += 1
        if self.itemCount > IngestLimits.itemsPerRequest { throw FramingError("too many items") }
        let replica: ReplicaRecord = try Frames.message(record)
        guard let body = try await self.frame(limit: IngestLimits.bytesPerItem, mayEnd: false) else {
            throw FramingError("the request ended within an item")
        }
        return IngestItem(replica: replica, body: body)
    }

    private mutating func frame(limit: Int, mayEnd: Bool) async throws -> ByteBuffer? {
        while true {
            if let length = self.buffer.getInteger(at: self.buffer.readerIndex, as: UInt32.self), length > limit {
                throw FramingError("a frame of \(length) bytes is over the limit")
            }
            if let frame = Frames.next(&self.buffer) { return frame }
            guard var chunk = try await self.body.next() else {
                if mayEnd, self.buffer.readableBytes == 0 { return nil }
                throw FramingError("the request ended within an item")
            }
            self.byteCount += chunk.readableBytes
            if self.byteCount > IngestLimits.bytesPerRequest + IngestLimits.recordBytesPerItem {
                throw FramingError("the request is too large")
            }
            if self.buffer.readableBytes == 0 {
                self.buffer = chunk
            } else {
                self.buffer.discardReadBytes()
                self.buffer.writeBuffer(&chunk)
            }
        }
    }
}
