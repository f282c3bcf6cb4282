package import TernCore

extension ChecksumAlgorithm {
    /// The digest of A followed by B, from the digests of A and B: how the checksum of a whole object follows from
    /// those of its parts without reading them again (spec rule CHK-14).
    ///
    /// - Parameters:
    ///   - first: The digest of A, as ``ChecksumHasher/finalize()`` returns it.
    ///   - second: The digest of B.
    ///   - secondByteCount: The length of B in bytes.
    /// - Returns: `nil` if the algorithm is not combinable (SHA-1, SHA-256) or a digest has the wrong length.
    package func combine(_ first: [UInt8], _ second: [UInt8], secondByteCount: Int64) -> [UInt8]? {
        guard self.isCombinable, first.count == self.byteCount, second.count == self.byteCount, secondByteCount >= 0
        else { return nil }
        let left = UInt64(bigEndianBytes: first)
        let right = UInt64(bigEndianBytes: second)
        var digest: [UInt8] = []
        switch self {
        case .crc32:
            let value = CRC32.combine(
                UInt32(truncatingIfNeeded: left), UInt32(truncatingIfNeeded: right), secondByteCount: secondByteCount)
            digest.append(bigEndian: value)
        case .crc32c:
            let value = CRC32C.combine(
                UInt32(truncatingIfNeeded: left), UInt32(truncatingIfNeeded: right), secondByteCount: secondByteCount)
            digest.append(bigEndian: value)
        case .crc64nvme:
            digest.append(bigEndian: CRC64NVME.combine(left, right, secondByteCount: secondByteCount))
        case .sha1, .sha256:
            return nil
        }
        return digest
    }
}
