import CZlib

/// Undoes gzip (RFC 1952) as it comes, in pieces, several members one behind the other too.
///
/// A class for its stream, which zlib knows by its address.
final class GzipReader {
    enum Problem: Error, Hashable, Sendable {
        case damaged
    }

    private let stream: UnsafeMutablePointer<z_stream>
    private var output = [UInt8](repeating: 0, count: 256 << 10)
    private var isAtMemberEnd = false

    /// `nil` when there is no memory for it.
    init?() {
        self.stream = .allocate(capacity: 1)
        self.stream.initialize(to: z_stream())
        // 15 bits of window, and 16 for the header of gzip.
        guard inflateInit2_(self.stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            self.stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(self.stream)
        self.stream.deallocate()
    }

    /// Whether bytes are the beginning of a gzip file.
    static func isGzip(_ bytes: some Collection<UInt8>) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// Calls `body` with what a piece comes to.
    func read<Failure: Error>(
        _ piece: [UInt8], _ body: (ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) -> Problem? {
        var position = 0
        while position < piece.count || self.stream.pointee.avail_out == 0 {
            if self.isAtMemberEnd {
                guard position < piece.count else { return nil }
                guard inflateReset(self.stream) == Z_OK else { return .damaged }
                self.isAtMemberEnd = false
            }
            let (status, consumed, produced) = self.inflateSome(piece, from: position)
            position += consumed
            if produced > 0 { try body(self.output[0..<produced]) }
            switch status {
            case Z_STREAM_END: self.isAtMemberEnd = true
            case Z_OK: break
            case Z_BUF_ERROR:
                if consumed == 0, produced == 0 { return position < piece.count ? .damaged : nil }
            default: return .damaged
            }
        }
        return nil
    }

    /// Whether the file may end here.
    var isComplete: Bool { self.isAtMemberEnd }

    private func inflateSome(_ piece: [UInt8], from position: Int) -> (Int32, consumed: Int, produced: Int) {
        var input = Array(piece[position...])
        let available = input.count
        return input.withUnsafeMutableBufferPointer { source in
            self.output.withUnsafeMutableBufferPointer { target in
                self.stream.pointee.next_in = source.baseAddress
                self.stream.pointee.avail_in = UInt32(available)
                self.stream.pointee.next_out = target.baseAddress
                self.stream.pointee.avail_out = UInt32(target.count)
                let status = inflate(self.stream, Z_NO_FLUSH)
                return (
                    status, available - Int(self.stream.pointee.avail_in),
                    target.count - Int(self.stream.pointee.avail_out)
                )
            }
        }
    }
}
