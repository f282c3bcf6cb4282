import NIOCore
import TernObjects
import TernRecords

/// The progress of a session on the wire: its result in a frame, a byte that is 1 when the version is complete, and the
/// offsets of the segments that have arrived, eight bytes each, big-endian.
enum ProgressCoding {
    static func encode(_ progress: IngestProgress) throws(FramingError) -> ByteBuffer {
        var buffer = ByteBuffer()
        Frames.append(try Frames.bytes(of: progress.result), to: &buffer)
        buffer.writeInteger(UInt8(progress.isComplete ? 1 : 0))
        for offset in progress.arrived { buffer.writeInteger(offset) }
        return buffer
    }

    static func decode(_ buffer: inout ByteBuffer) throws(FramingError) -> IngestProgress {
        guard let frame = Frames.next(&buffer), let flag = buffer.readInteger(as: UInt8.self) else {
            throw FramingError("the progress is cut off")
        }
        let result: IngestResult = try Frames.message(frame)
        var arrived: [Int64] = []
        while let offset = buffer.readInteger(as: Int64.self) { arrived.append(offset) }
        return IngestProgress(result: result, isComplete: flag == 1, arrived: arrived)
    }
}
