import CZlib

/// Makes a gzip file (RFC 1952) of what comes in pieces: only what is compressed is in memory.
///
/// A class for its stream, which zlib knows by its address.
package final class GzipWriter {
    private let stream: UnsafeMutablePointer<z_stream>
    private var output = [UInt8](repeating: 0, count: 64 << 10)
    /// What was given to it.
    package private(set) var byteCount: Int64 = 0

    /// `nil` when there is no memory for it.
    package init?() {
        self.stream = .allocate(capacity: 1)
        self.stream.initialize(to: z_stream())
        // 15 bits of window, and 16 for the header of gzip.
        guard
            deflateInit2_(
                self.stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else {
            self.stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(self.stream)
        self.stream.deallocate()
    }

    /// Compresses a piece, and appends what is ready.
    package func write(_ piece: [UInt8], to result: inout [UInt8]) {
        self.byteCount += Int64(piece.count)
        self.run(piece, Z_NO_FLUSH, &result)
    }

    /// Appends the rest and the trailer; nothing can be written afterwards.
    package func finish(to result: inout [UInt8]) {
        self.run([], Z_FINISH, &result)
    }

    private func run(_ piece: [UInt8], _ flush: Int32, _ result: inout [UInt8]) {
        var input = piece
        input.withUnsafeMutableBufferPointer { source in
            self.stream.pointee.next_in = source.baseAddress
            self.stream.pointee.avail_in = UInt32(source.count)
            // A full buffer may be followed by more.
            repeat {
                let produced = self.output.withUnsafeMutableBufferPointer { target in
                    self.stream.pointee.next_out = target.baseAddress
                    self.stream.pointee.avail_out = UInt32(target.count)
                    deflate(self.stream, flush)
                    return target.count - Int(self.stream.pointee.avail_out)
                }
                result.append(contentsOf: self.output[0..<produced])
            } while self.stream.pointee.avail_out == 0
            self.stream.pointee.next_in = nil
        }
    }
}
