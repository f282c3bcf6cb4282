import CTernChecksums

/// CRC-32/ISO-HDLC over a stream of bytes.
///
/// Source: Amazon S3 User Guide, "Checking object integrity" (spec §7.1).
package struct CRC32: Sendable, Hashable {
    /// The checksum of all bytes so far.
    package private(set) var value: UInt32 = 0

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        self.value = tern_crc32(self.value, bytes.baseAddress, bytes.count)
    }

    /// The checksum of A followed by B, where B has `secondByteCount` bytes.
    package static func combine(_ first: UInt32, _ second: UInt32, secondByteCount: Int64) -> UInt32 {
        tern_crc32_combine(first, second, UInt64(secondByteCount))
    }
}

/// CRC-32C (Castagnoli) over a stream of bytes.
package struct CRC32C: Sendable, Hashable {
    /// The checksum of all bytes so far.
    package private(set) var value: UInt32 = 0

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        self.value = tern_crc32c(self.value, bytes.baseAddress, bytes.count)
    }

    /// The checksum of A followed by B, where B has `secondByteCount` bytes.
    package static func combine(_ first: UInt32, _ second: UInt32, secondByteCount: Int64) -> UInt32 {
        tern_crc32c_combine(first, second, UInt64(secondByteCount))
    }
}

/// CRC-64/NVME over a stream of bytes.
package struct CRC64NVME: Sendable, Hashable {
    /// The checksum of all bytes so far.
    package private(set) var value: UInt64 = 0

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        self.value = tern_crc64nvme(self.value, bytes.baseAddress, bytes.count)
    }

    /// The checksum of A followed by B, where B has `secondByteCount` bytes.
    package static func combine(_ first: UInt64, _ second: UInt64, secondByteCount: Int64) -> UInt64 {
        tern_crc64nvme_combine(first, second, UInt64(secondByteCount))
    }
}
