import TernChecksums
import TernCore
import TernS3Protocol
import TernSigV4

/// The digests in a request's headers (spec rules CHK-4 to CHK-6).
struct PayloadDigests {
    /// `Content-MD5`, 16 bytes.
    var md5: [UInt8]?
    /// The algorithm of the checksum, whether its value stands in a header or will stand in the trailer.
    var algorithm: ChecksumAlgorithm?
    /// The checksum's value, if it stands in a header.
    var value: [UInt8]?

    init(_ headers: HeaderFields, withChecksums: Bool = true) throws(S3Error) {
        if let text = headers["content-md5"] {
            guard let digest = Base64.decode(text), digest.count == 16 else { throw .invalidContentMD5(text) }
            self.md5 = digest
        }
        if withChecksums { try self.readChecksum(headers) }
    }

    private mutating func readChecksum(_ headers: HeaderFields) throws(S3Error) {
        for candidate in ChecksumAlgorithm.allCases {
            guard let text = headers[candidate.headerName] else { continue }
            if self.algorithm != nil { throw .multipleChecksums }
            guard let digest = Base64.decode(text), digest.count == candidate.byteCount else {
                throw .invalidChecksumValue(candidate)
            }
            self.algorithm = candidate
            self.value = digest
        }
        if let trailer = headers["x-amz-trailer"]?.lowercased() {
            guard let announced = ChecksumAlgorithm.allCases.first(where: { $0.headerName == trailer }) else {
                // The decoder of the body has the words for trailers that are not supported.
                return
            }
            if self.algorithm != nil { throw .multipleChecksums }
            self.algorithm = announced
        }
        guard let name = headers["x-amz-sdk-checksum-algorithm"] else { return }
        guard let named = ChecksumAlgorithm(rawValue: name.uppercased()) else { throw .unsupportedChecksumAlgorithm }
        guard let algorithm = self.algorithm else { throw .checksumAlgorithmWithoutValue }
        if named != algorithm { throw .invalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.") }
    }

    /// Compares with a whole document.
    func verify(_ bytes: [UInt8]) throws(S3Error) {
        if let md5 = self.md5 {
            var hasher = MD5Hasher()
            bytes.withUnsafeBytes { hasher.update($0) }
            let computed = hasher.finalize()
            if computed != md5 {
                throw .contentMD5Mismatch(expected: Base64.encode(md5), calculated: Base64.encode(computed))
            }
        }
        if let algorithm = self.algorithm, let value = self.value, ChecksumHasher.hash(bytes, algorithm) != value {
            throw .checksumMismatch(algorithm)
        }
    }
}

extension RequestPayload {
    /// SIG-10
    static func check(sha256 expected: [UInt8], of bytes: [UInt8]) throws(S3Error) {
        let computed = SHA256Hasher.hash(bytes)
        if computed != expected {
            throw S3Error(SigningError.contentSHA256Mismatch(client: expected, computed: computed))
        }
    }
}
