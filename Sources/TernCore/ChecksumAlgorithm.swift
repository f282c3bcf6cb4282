/// The additional checksums of S3 (spec §7.1).
///
/// Source: Amazon S3 User Guide, "Checking object integrity".
package enum ChecksumAlgorithm: String, Sendable, CaseIterable, Hashable {
    case crc32 = "CRC32"
    case crc32c = "CRC32C"
    case crc64nvme = "CRC64NVME"
    case sha1 = "SHA1"
    case sha256 = "SHA256"

    /// The digest's length in bytes.
    package var byteCount: Int {
        switch self {
        case .crc32, .crc32c: 4
        case .crc64nvme: 8
        case .sha1: 20
        case .sha256: 32
        }
    }

    /// `x-amz-checksum-crc32` and so on.
    package var headerName: String { "x-amz-checksum-\(self.rawValue.lowercased())" }

    /// `ChecksumCRC32` and so on, the element in XML.
    package var elementName: String { "Checksum\(self.rawValue)" }

    /// Whether checksums of parts can be combined into that of the whole.
    package var isCombinable: Bool { self != .sha1 && self != .sha256 }
}

/// Whether a checksum covers the bytes of the whole object or the checksums of its parts.
package enum ChecksumType: String, Sendable, Hashable {
    case fullObject = "FULL_OBJECT"
    case composite = "COMPOSITE"
}

/// One checksum of an object or part, raw bytes.
package struct Checksum: Hashable, Sendable {
    package var algorithm: ChecksumAlgorithm
    package var type: ChecksumType
    /// The digest, big-endian, without the `-N` of a composite.
    package var digest: [UInt8]
    /// The number of parts behind a composite; 0 otherwise.
    package var partCount: Int

    package init(algorithm: ChecksumAlgorithm, type: ChecksumType = .fullObject, digest: [UInt8], partCount: Int = 0) {
        self.algorithm = algorithm
        self.type = type
        self.digest = digest
        self.partCount = partCount
    }

    /// Base64, with `-N` behind a composite of N parts.
    package var wireForm: String {
        self.type == .composite ? "\(Base64.encode(self.digest))-\(self.partCount)" : Base64.encode(self.digest)
    }
}
