import CZlib

/// Undoes gzip (RFC 1952), in which clients send large requests.
enum Gunzip {
    /// `nil` for what is no gzip, is cut off, or is longer than `limit` when it is undone.
    static func decode(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
        var input = bytes
        var output = [UInt8](repeating: 0, count: min(limit, max(bytes.count * 4, 1 << 14)))
        var stream = z_stream()
        // 15 bits of window, and 16 for the header of gzip.
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return nil
        }
        defer { inflateEnd(&stream) }
        return input.withUnsafeMutableBufferPointer { source -> [UInt8]? in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            while true {
                let done = Int(stream.total_out)
                let status = output.withUnsafeMutableBufferPointer { target in
                    stream.next_out = target.baseAddress.map { $0 + done }
                    stream.avail_out = UInt32(target.count - done)
                    return inflate(&stream, Z_NO_FLUSH)
                }
                if status == Z_STREAM_END {
                    return stream.avail_in == 0 ? Array(output.prefix(Int(stream.total_out))) : nil
                }
                guard status == Z_OK, stream.avail_out == 0, output.count < limit else { return nil }
                output += [UInt8](repeating: 0, count: min(output.count, limit - output.count))
            }
        }
    }
}
