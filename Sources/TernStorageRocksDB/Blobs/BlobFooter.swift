import CTernChecksums

/// What stands behind the data of a blob file: the checksums of its blocks, and a trailer of fixed size.
///
/// ```
/// data            byteCount bytes, from offset 0
/// table           CRC-32C of each block, 4 bytes each, little-endian; the last block may be shorter
/// trailer         magic (8) version (4) block size (4) byteCount (8) zero (4) CRC-32C of table and trailer (4)
/// ```
///
/// The footer stands at the end, because a blob's length is unknown when its first byte is written.
struct BlobFooter: Sendable, Equatable {
    /// The length of the data.
    let byteCount: Int64
    /// The checksum of each block.
    let checksums: [UInt32]

    static let blockByteCount = 128 << 10
    static let trailerByteCount = 32
    /// "TERNBLOB"
    private static let magic: UInt64 = 0x5445_524E_424C_4F42
    private static let version: UInt32 = 1

    init(byteCount: Int64, checksums: [UInt32]) {
        self.byteCount = byteCount
        self.checksums = checksums
    }

    /// How many blocks hold this many bytes.
    static func blockCount(of byteCount: Int64) -> Int64 {
        (byteCount + Int64(self.blockByteCount) - 1) / Int64(self.blockByteCount)
    }

    /// The length of the whole footer for this many bytes of data.
    static func footerByteCount(of byteCount: Int64) -> Int64 {
        self.blockCount(of: byteCount) * 4 + Int64(self.trailerByteCount)
    }

    func encode() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.checksums.count * 4 + Self.trailerByteCount)
        for checksum in self.checksums { bytes.appendLittleEndian(checksum) }
        bytes.appendLittleEndian(Self.magic.byteSwapped)
        bytes.appendLittleEndian(Self.version)
        bytes.appendLittleEndian(UInt32(Self.blockByteCount))
        bytes.appendLittleEndian(UInt64(self.byteCount))
        bytes.appendLittleEndian(UInt32(0))
        bytes.appendLittleEndian(bytes.withUnsafeBytes { tern_crc32c(0, $0.baseAddress, $0.count) })
        return bytes
    }

    /// Why a footer was not accepted.
    struct Flaw: Error {
        let reason: String
    }

    /// The length of the data according to the trailer alone, whose checksum is yet to be verified by ``init(decoding:)``.
    static func byteCount(
        trailer: UnsafeRawBufferPointer,
        fileByteCount: Int64
    ) throws(Flaw) -> Int64 {
        guard trailer.count == self.trailerByteCount else { throw Flaw(reason: "the file is too short for a trailer") }
        guard UInt64(bigEndian: trailer.loadUnaligned(as: UInt64.self)) == self.magic else {
            throw Flaw(reason: "the file does not end in a trailer")
        }
        let version = UInt32(littleEndian: trailer.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        guard version == self.version else { throw Flaw(reason: "format version \(version) is unknown") }
        let blockByteCount = UInt32(littleEndian: trailer.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        guard blockByteCount == UInt32(self.blockByteCount) else {
            throw Flaw(reason: "block size \(blockByteCount) is unknown")
        }
        let byteCount = UInt64(littleEndian: trailer.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        guard
            byteCount <= UInt64(fileByteCount),
            Int64(byteCount) + self.footerByteCount(of: Int64(byteCount)) == fileByteCount
        else {
            throw Flaw(reason: "the file has \(fileByteCount) bytes, which do not fit its \(byteCount) bytes of data")
        }
        return Int64(byteCount)
    }

    /// Reads a whole footer.
    init(decoding bytes: UnsafeRawBufferPointer, byteCount: Int64) throws(Flaw) {
        let checksumOffset = bytes.count - 4
        let stored = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: checksumOffset, as: UInt32.self))
        guard tern_crc32c(0, bytes.baseAddress, checksumOffset) == stored else {
            throw Flaw(reason: "the checksum of the footer does not match")
        }
        self.byteCount = byteCount
        self.checksums = (0..<Int(Self.blockCount(of: byteCount))).map { block in
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: block * 4, as: UInt32.self))
        }
    }
}

extension [UInt8] {
    fileprivate mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { self.append(contentsOf: $0) }
    }
}
