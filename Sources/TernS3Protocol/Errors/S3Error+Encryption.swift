/// Encryption at rest (spec s3-api §10).
extension S3Error {
    private static let argument = "x-amz-server-side-encryption"

    private static func encryptionArgument(_ message: String, value: String? = nil) -> S3Error {
        let error = S3Error.invalidArgument(message).with("ArgumentName", Self.argument)
        guard let value else { return error }
        return error.with("ArgumentValue", value)
    }

    // MARK: Which encryption

    /// Only writes choose an encryption (§10.1).
    package static let encryptionHeaderOnRead = Self.encryptionArgument(
        "x-amz-server-side-encryption header is not supported for this operation.")

    /// SSE-4
    package static func unknownEncryption(_ value: String) -> S3Error {
        Self.encryptionArgument("The encryption method specified is not supported", value: value)
    }

    /// SSE-4
    package static let kmsKeyWithoutMethod = Self.encryptionArgument(
        "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms")

    /// SSE-KMS for whom nobody signed. Source: Amazon S3 User Guide, "Specifying server-side encryption with AWS KMS".
    package static let kmsWithoutSignature = S3Error.invalidArgument(
        "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.",
        name: "Authorization", value: "null")

    /// The context is base64 of a JSON object of texts.
    package static let invalidEncryptionContext = S3Error.invalidArgument(
        "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map"
    ).with("ArgumentName", "x-amz-server-side-encryption-context")

    package static func invalidBucketKeyEnabled(_ value: String) -> S3Error {
        .invalidArgument(
            "The value of x-amz-server-side-encryption-bucket-key-enabled must be true or false",
            name: "x-amz-server-side-encryption-bucket-key-enabled", value: value)
    }

    /// DSSE-KMS has no bucket keys (§10.1).
    package static let bucketKeyWithDoubleEncryption = Self.encryptionArgument(
        "S3 Bucket Keys are not supported for dual-layer server-side encryption with AWS KMS keys.")

    /// Tern's own: a region without a root key can keep no keys.
    package static let encryptionNotConfigured = S3Error.notImplemented(
        header: Self.argument,
        additionalMessage: "This region has no root key, so that it can encrypt with keys of its clients only.")

    /// Tern's own: a copy of what lies in another region.
    package static let customerKeyElsewhere = S3Error.notImplemented(
        header: "x-amz-copy-source",
        additionalMessage: "A copy source in another region must not be under a key of the customer.")

    package static let encryptionConfigurationNotFound = S3Error(
        code: "ServerSideEncryptionConfigurationNotFoundError", status: 404,
        message: "The server side encryption configuration was not found")

    // MARK: Keys of customers (§10.3)

    package static let customerAlgorithmMissing = Self.encryptionArgument(
        "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm."
    )

    package static func customerAlgorithmInvalid(_ value: String) -> S3Error {
        S3Error(
            code: "InvalidEncryptionAlgorithmError", status: 400,
            message: "The Encryption request you specified is not valid. Supported value: AES256.",
            details: [
                Detail("ArgumentName", "x-amz-server-side-encryption"), Detail("ArgumentValue", value),
            ])
    }

    package static let customerKeyNotGiven = Self.encryptionArgument(
        "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key."
    )

    package static let customerKeyInvalid = Self.encryptionArgument(
        "The secret key was invalid for the specified algorithm.")

    package static let customerKeyMD5Mismatch = Self.encryptionArgument(
        "The calculated MD5 hash of the key did not match the hash that was provided.")

    package static func customerKeyWithOtherMethod(_ value: String) -> S3Error {
        Self.encryptionArgument(
            "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
            value: value)
    }

    package static let customerKeyWithoutTLS = Self.encryptionArgument(
        "Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection.")

    /// A read without the key that the object needs.
    package static let customerKeyMissing = S3Error.invalidRequest(
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object."
    )

    package static let customerKeyWrong = S3Error.accessDenied(
        "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.")

    /// A key for an object that needs none.
    package static let encryptionParametersNotApplicable = S3Error.invalidRequest(
        "The encryption parameters are not applicable to this object.")

    /// UploadPart without the key of its upload, or with one for an upload that has none.
    package static let partEncryptionMissing = S3Error.invalidRequest(
        "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters."
    )

    package static let partEncryptionDiffers = S3Error.invalidRequest(
        "The provided encryption parameters did not match the ones used originally.")
}
