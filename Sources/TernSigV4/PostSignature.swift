package import TernCore

/// The signature of a browser upload: over the policy as it was sent, nothing else (spec rule SIG-72).
package enum PostSignature: Sendable {
    case v4(Credential, signature: String)
    /// HMAC-SHA1 in base64.
    case v2(accessKeyID: String, signature: String)

    /// Reads the fields of version 4, each as sent.
    ///
    /// - Throws: What is wrong with the algorithm, the credential or the date.
    package static func version4(
        algorithm: String, credential: String, date: String, signature: String
    ) throws(SigningError) -> PostSignature {
        guard algorithm == "AWS4-HMAC-SHA256" else {
            throw .queryParameters("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"")
        }
        let parsed = try Credential(parsing: credential, service: "s3", place: .query)
        guard Timestamp(amzDate: date) != nil else {
            throw .queryParameters("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        }
        try parsed.checkDate(date, place: .query)
        return .v4(parsed, signature: signature)
    }

    package var accessKeyID: String {
        switch self {
        case .v4(let credential, _): credential.accessKeyID
        case .v2(let accessKeyID, _): accessKeyID
        }
    }

    /// Which version, as access logs name it.
    package var versionName: String {
        switch self {
        case .v4: "SigV4"
        case .v2: "SigV2"
        }
    }

    /// Checks what needs no secret, before the access key is looked up.
    package func validate(expectedRegion: RegionName) throws(SigningError) {
        guard case .v4(let credential, _) = self else { return }
        let isAlias = credential.region == "US" && expectedRegion == .usEast1  // RGN-6
        guard isAlias || credential.region == expectedRegion.description else {
            throw .wrongRegion(credential.region, expected: expectedRegion, in: .query)
        }
    }

    /// - Parameter policy: The base64 text of the `policy` field, as sent.
    /// - Throws: `SignatureDoesNotMatch`.
    package func verify(policy: String, secret: String) throws(SigningError) {
        let text = Array(policy.utf8)
        switch self {
        case .v4(let credential, let signature):
            let computed = SigningKey(secret: secret, credential: credential).signature(text)
            if signature.isEqualInConstantTime(to: computed) { return }
            throw .signatureDoesNotMatch(
                accessKeyID: credential.accessKeyID, stringToSign: text, provided: signature)
        case .v2(let accessKeyID, let signature):
            let computed = Array(StringToSignV2.signature(text, secret: secret).utf8)
            if signature.isEqualInConstantTime(to: computed) { return }
            throw .signatureDoesNotMatch(accessKeyID: accessKeyID, stringToSign: text, provided: signature)
        }
    }
}
