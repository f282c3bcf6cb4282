package import TernCore

/// Any one of the additional checksums of S3 over a stream of bytes (spec §7.1).
package struct ChecksumHasher: Sendable {
    private enum State: Sendable {
        case crc32(CRC32)
        case crc32c(CRC32C)
        case crc64nvme(CRC64NVME)
        case sha1(SHA1Hasher)
        case sha256(SHA256Hasher)
    }

    package let algorithm: ChecksumAlgorithm
    private var state: State

    package init(_ algorithm: ChecksumAlgorithm) {
        self.algorithm = algorithm
        self.state =
            switch algorithm {
            case .crc32: .crc32(CRC32())
            case .crc32c: .crc32c(CRC32C())
            case .crc64nvme: .crc64nvme(CRC64NVME())
            case .sha1: .sha1(SHA1Hasher())
            case .sha256: .sha256(SHA256Hasher())
            }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch self.state {
        case .crc32(var hasher):
            hasher.update(bytes)
            self.state = .crc32(hasher)
        case .crc32c(var hasher):
            hasher.update(bytes)
            self.state = .crc32c(hasher)
        case .crc64nvme(var hasher):
            hasher.update(bytes)
            self.state = .crc64nvme(hasher)
        case .sha1(var hasher):
            // The digests share their state by reference: give up this reference first, or the update copies it.
            self.state = .crc32(CRC32())
            hasher.update(bytes)
            self.state = .sha1(hasher)
        case .sha256(var hasher):
            self.state = .crc32(CRC32())
            hasher.update(bytes)
            self.state = .sha256(hasher)
        }
    }

    /// The digest of all bytes so far, most significant byte first, `algorithm.byteCount` bytes; more may follow.
    package func finalize() -> [UInt8] {
        switch self.state {
        case .crc32(let hasher): bigEndianBytes(hasher.value)
        case .crc32c(let hasher): bigEndianBytes(hasher.value)
        case .crc64nvme(let hasher): bigEndianBytes(hasher.value)
        case .sha1(let hasher): hasher.finalize()
        case .sha256(let hasher): hasher.finalize()
        }
    }

    /// The digest of `bytes`, most significant byte first.
    package static func hash(_ bytes: [UInt8], _ algorithm: ChecksumAlgorithm) -> [UInt8] {
        var hasher = ChecksumHasher(algorithm)
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.finalize()
    }
}

private func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(value.bitWidth / 8)
    bytes.append(bigEndian: value)
    return bytes
}
