import CTernChecksums
import Glibc
import TernStorage

/// Reads the records of RocksDB's log files, to tell a torn tail from damage.
///
/// The commit loop syncs each group before it writes the next. So a flaw with a whole record after it is in a commit that
/// was acknowledged, and one with nothing after it is in the last write, which the process died in.
///
/// Format: RocksDB wiki, "Write Ahead Log File Format".
struct WriteAheadLogs {
    enum Condition {
        case intact
        /// The newest file ends in an unfinished record.
        case torn
        case damaged
    }

    private let directory: String

    init(directory: String) {
        self.directory = directory
    }

    func inspect() throws(StorageError) -> Condition {
        let names = (try FileSystem.names(in: self.directory) ?? []).filter { $0.hasSuffix(".log") }
        let logs = names.compactMap { name in Int(name.dropLast(4)).map { (number: $0, name: name) } }
            .sorted { $0.number < $1.number }
        for (index, log) in logs.enumerated() {
            let condition = try self.inspect(file: "\(self.directory)/\(log.name)")
            switch condition {
            case .intact: continue
            case .torn where index == logs.count - 1: return .torn
            case .torn, .damaged: return .damaged
            }
        }
        return .intact
    }

    private func inspect(file path: String) throws(StorageError) -> Condition {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StorageError(errno: errno, "could not open the log", path) }
        defer { close(descriptor) }
        var block = [UInt8](repeating: 0, count: Self.blockByteCount)
        var hasFlaw = false
        var offset = 0
        while true {
            let count = block.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
            guard count >= 0 else { throw StorageError(errno: errno, "could not read the log", path) }
            let isDamaged = block.withUnsafeBytes {
                Self.inspect(block: UnsafeRawBufferPointer(rebasing: $0[..<count]), hasFlaw: &hasFlaw)
            }
            if isDamaged { return .damaged }
            guard count == Self.blockByteCount else { return hasFlaw ? .torn : .intact }
            offset += count
        }
    }

    private static let blockByteCount = 32_768
    private static let headerByteCount = 7

    /// Walks the records of one block; a block shorter than the others is the end of the file.
    ///
    /// - Returns: Whether a record begins after a flaw.
    private static func inspect(block: UnsafeRawBufferPointer, hasFlaw: inout Bool) -> Bool {
        var offset = 0
        while block.count - offset >= self.headerByteCount {
            let checksum = block.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian
            let byteCount = Int(block.loadUnaligned(fromByteOffset: offset + 4, as: UInt16.self).littleEndian)
            let type = block[offset + 6]
            let end = offset + self.headerByteCount + byteCount
            guard type != 0, end <= block.count else {
                // Nothing in this block can be found any more; the next one starts afresh.
                hasFlaw = true
                return false
            }
            let covered = UnsafeRawBufferPointer(rebasing: block[(offset + 6)..<end])
            if self.masked(tern_crc32c(0, covered.baseAddress, covered.count)) != checksum {
                hasFlaw = true
            } else if hasFlaw, self.beginsRecord(type) {
                return true
            }
            offset = end
        }
        // A full block has a filler of zeros here; at the end of the file, bytes are the begin of a header.
        if block.count < self.blockByteCount, offset < block.count { hasFlaw = true }
        return false
    }

    /// Types 1 (whole) and 2 (first part) begin a record, in files used again 5 and 6; the others continue one.
    private static func beginsRecord(_ type: UInt8) -> Bool {
        type == 1 || type == 2 || type == 5 || type == 6
    }

    /// RocksDB stores checksums rotated and shifted, because checksums of data with checksums in it are weak.
    private static func masked(_ checksum: UInt32) -> UInt32 {
        (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }
}
