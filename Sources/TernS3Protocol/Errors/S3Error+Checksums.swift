package import TernCore

/// Errors of digests and checksums (spec s3-api §7).
extension S3Error {
    // MARK: Content-MD5 (CHK-6, CHK-7)

    package static func invalidContentMD5(_ value: String) -> S3Error {
        S3Error(
            code: "InvalidDigest",
            status: 400,
            message: "The Content-MD5 you specified was invalid.",
            details: [Detail("Content-MD5", value)]
        )
    }

    /// Both digests in base64.
    package static func contentMD5Mismatch(expected: String, calculated: String) -> S3Error {
        S3Error(
            code: "BadDigest",
            status: 400,
            message: "The Content-MD5 you specified did not match what we received.",
            details: [Detail("CalculatedDigest", calculated), Detail("ExpectedDigest", expected)]
        )
    }

    /// The operation wants a digest of its body.
    package static let missingDigest = Self.invalidRequest(
        "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
    )

    // MARK: x-amz-checksum-* (CHK-4, CHK-5)

    package static func invalidChecksumValue(_ algorithm: ChecksumAlgorithm) -> S3Error {
        .invalidRequest("Value for \(algorithm.headerName) header is invalid.")
    }

    /// A plain object or part; the algorithm in upper case.
    package static func checksumMismatch(_ algorithm: ChecksumAlgorithm) -> S3Error {
        .badDigest("The \(algorithm.rawValue) you specified did not match the calculated checksum.")
    }

    package static let multipleChecksums = Self.invalidRequest(
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
    )

    package static let checksumAlgorithmWithoutValue = Self.invalidRequest(
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found."
    )

    package static let unsupportedChecksumAlgorithm = Self.invalidRequest(
        "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            + "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
    )

    // MARK: Multipart (CHK-11 to CHK-15)

    /// `FULL_OBJECT` with SHA, or `COMPOSITE` with CRC64NVME.
    package static func checksumTypeNotForAlgorithm(_ type: ChecksumType, _ algorithm: ChecksumAlgorithm) -> S3Error {
        .invalidRequest(
            "The \(type.rawValue) checksum type cannot be used with the \(algorithm.lowercaseName) checksum algorithm."
        )
    }

    package static let checksumTypeWithoutAlgorithm = Self.invalidRequest(
        "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
    )

    package static func partChecksumAlgorithmMismatch(expected: ChecksumAlgorithm, actual: ChecksumAlgorithm) -> S3Error
    {
        .invalidRequest(
            "Checksum Type mismatch occurred, expected checksum Type: \(expected.lowercaseName), "
                + "actual checksum Type: \(actual.lowercaseName)"
        )
    }

    package static func partChecksumMissing(_ algorithm: ChecksumAlgorithm, partNumber: Int) -> S3Error {
        .invalidRequest(
            "The upload was created using a \(algorithm.lowercaseName) checksum. The complete request must include the checksum "
                + "for each part. It was missing for part \(partNumber) in the request."
        )
    }

    package static func partChecksumMismatch(_ algorithm: ChecksumAlgorithm, partNumber: Int) -> S3Error {
        .badDigest(
            "The \(algorithm.lowercaseName) you specified for part \(partNumber) did not match what we received."
        )
    }

    /// The whole of a completed upload; the algorithm in lower case.
    package static func completedChecksumMismatch(_ algorithm: ChecksumAlgorithm) -> S3Error {
        .badDigest("The \(algorithm.lowercaseName) you specified did not match the calculated checksum.")
    }

    /// - Parameter type: The type that the upload was created with; `nil` if with none.
    package static func checksumModeMismatch(created type: ChecksumType?) -> S3Error {
        .invalidRequest(
            "The upload was created using the \(type?.rawValue ?? "null") checksum mode. "
                + "The complete request must use the same checksum mode."
        )
    }

    private static func badDigest(_ message: String) -> S3Error {
        S3Error(code: "BadDigest", status: 400, message: message)
    }
}

extension ChecksumAlgorithm {
    /// As most messages spell it.
    fileprivate var lowercaseName: String { self.rawValue.lowercased() }
}
