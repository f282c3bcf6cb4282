/// The document of UpdateObjectEncryption.
///
/// Source: Amazon S3 API Reference, UpdateObjectEncryption, with the texts of its errors.
package struct ObjectEncryptionXML: Hashable, Sendable {
    /// The full ARN of a KMS key.
    package var keyARN: String
    package var usesBucketKey: Bool

    /// - Throws: `MalformedXML`; `InvalidRequest` for anything but SSE-KMS under the ARN of a key.
    package init(decoding bytes: [UInt8]) throws(S3Error) {
        let root = try RequestDocument.parse(bytes, root: "ObjectEncryption")
        guard let kms = root["SSE-KMS"] else {
            if root["DSSE-KMS"] != nil || root["SSE-C"] != nil { throw .encryptionUpdateToOtherType }
            throw .encryptionUpdateWithoutType
        }
        try root.requireOnly(["SSE-KMS"])
        try kms.requireOnly(["KMSKeyArn", "BucketKeyEnabled"])
        guard let arn = try kms.leafText(of: "KMSKeyArn"), !arn.isEmpty else { throw .encryptionUpdateWithoutKey }
        guard Self.isKeyARN(arn) else { throw .encryptionUpdateWithInvalidKey }
        self.keyARN = arn
        switch try kms.leafText(of: "BucketKeyEnabled")?.lowercased() {
        case nil, "false": self.usesBucketKey = false
        case "true": self.usesBucketKey = true
        default: throw .encryptionUpdateWithInvalidBucketKey
        }
    }

    /// `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`
    private static func isKeyARN(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[1].hasPrefix("aws"), parts[2] == "kms", !parts[3].isEmpty,
            parts[4].utf8.count == 12, parts[4].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { return false }
        return parts[5].hasPrefix("key/") && parts[5].utf8.count > 4
    }
}

extension S3Error {
    private static let only =
        "Only source objects encrypted with SSE-S3 or SSE-KMS are supported."
    private static let specifyKMS =
        "Modify the request to specify SSE-KMS for the updated encryption type, and then try again."

    package static let encryptionUpdateOfClearObject = S3Error.invalidRequest(
        "The UpdateObjectEncryption operation doesn't support unencrypted source objects. \(Self.only)")

    package static let encryptionUpdateOfOtherObject = S3Error.invalidRequest(
        "The UpdateObjectEncryption operation doesn't support source objects with the encryption type DSSE-KMS or SSE-C. "
            + Self.only)

    package static let encryptionUpdateToOtherType = S3Error.invalidRequest(
        "The UpdateObjectEncryption operation doesn't support updating the encryption type to DSSE-KMS or SSE-C. "
            + Self.specifyKMS)

    package static let encryptionUpdateWithoutSignature4 = S3Error.invalidRequest(
        "Requests that modify an object encryption configuration require AWS Signature Version 4. Modify the request to use AWS Signature Version 4, and then try again."
    )

    package static let encryptionUpdateWithoutType = S3Error.invalidRequest(
        "Requests that modify an object encryption configuration require a valid new encryption type. Valid values are SSEKMS. "
            + Self.specifyKMS)

    package static let encryptionUpdateWithoutKey = S3Error.invalidRequest(
        "Requests that modify an object's encryption type to SSE-KMS require an AWS KMS key Amazon Resource Name (ARN). Modify the request to specify a KMS key ARN, and then try again."
    )

    package static let encryptionUpdateWithInvalidKey = S3Error.invalidRequest(
        "Requests that modify an object's encryption type to SSE-KMS require a valid AWS KMS key Amazon Resource Name (ARN). Confirm that you have a correctly formatted KMS key ARN in your request, and then try again."
    )

    package static let encryptionUpdateWithInvalidBucketKey = S3Error.invalidRequest(
        "The BucketKeyEnabled value isn't valid. Valid values are true or false. Modify the request to specify a valid value, and then try again."
    )

    package static let encryptionUpdateWithForeignKey = S3Error.accessDenied(
        "The AWS KMS key in the request must be owned by the same account as the bucket. Modify the request to specify a KMS key from the same account, and then try again."
    )
}
