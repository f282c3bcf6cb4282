import NIOCore
import TernObjects
import TernRecords

/// The progress of a session on the wire: its result in a frame, a byte that is 1 when the version is complete and 2 when
/// segments may come in blocks (builds before there were blocks send 0, and take 2 for it), and the offset and length of each segment that has arrived, eight bytes each, big-endian.
enum ProgressCoding {
    static func encode(_ progress: IngestProgress) throws(FramingError) -> ByteBuffer {
        var buffer = ByteBuffer()
        Frames.append(try Frames.bytes(of: progress.result), to: &buffer)
        buffer.writeInteger(UInt8(progress.isComplete ? 1 : progress.takesBlocks ? 2 : 0))
        for segment in progress.arrived {
            buffer.writeInteger(segment.lowerBound)
            buffer.writeInteger(segment.upperBound - segment.lowerBound)
        }
        return buffer
    }

    static func decode(_ buffer: inout ByteBuffer) throws(FramingError) -> IngestProgress {
        guard let frame = Frames.next(&buffer), let flag = buffer.readInteger(as: UInt8.self) else {
            throw FramingError("the progress is cut off")
        }
        let result: IngestResult = try Frames.message(frame)
        var arrived: [Range<Int64>] = []
        while let offset = buffer.readInteger(as: Int64.self) {
            guard let length = buffer.readInteger(as: Int64.self), offset >= 0, length >= 0,
                !offset.addingReportingOverflow(length).overflow
            else { throw FramingError("the progress has a segment that cannot be") }
            arrived.append(offset..<offset + length)
        }
        var progress = IngestProgress(result: result, isComplete: flag == 1, arrived: arrived)
        progress.takesBlocks = flag != 0
        return progress
    }
}
