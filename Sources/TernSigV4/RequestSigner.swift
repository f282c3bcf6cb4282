package import TernCore

/// Signs requests, as a client does: between regions, for presigned URLs, and in tests.
package struct RequestSigner: Sendable {
    package var accessKeyID: String
    package var secret: String
    package var sessionToken: String?
    package var region: String
    package var service: String
    private let keys: SigningKeyCache

    /// - Parameter service: `s3`, or any other word that the receiver expects.
    package init(
        accessKeyID: String,
        secret: String,
        sessionToken: String? = nil,
        region: String,
        service: String = "s3",
        keys: SigningKeyCache = SigningKeyCache(capacity: 8)
    ) {
        self.accessKeyID = accessKeyID
        self.secret = secret
        self.sessionToken = sessionToken
        self.region = region
        self.service = service
        self.keys = keys
    }

    /// Signs in the header form: sets `x-amz-date`, `x-amz-content-sha256`, `x-amz-security-token` and `authorization`.
    ///
    /// All headers that are there are signed, but those that an intermediary or the HTTP client may change.
    ///
    /// - Parameter request: Must have its `host` header already.
    /// - Returns: What the signatures of chunks build upon, see ``ChunkSignatures``.
    @discardableResult
    package func sign(
        _ request: inout SignedRequest,
        payload: PayloadMode,
        at date: Timestamp
    ) throws(SigningError) -> SigningContext {
        precondition(request.headers.contains("host"), "the host must be signed")
        let amzDate = date.amzDate
        request.headers.remove("authorization")
        request.headers.set("x-amz-date", amzDate)
        request.headers.set("x-amz-content-sha256", payload.headerValue)
        if let sessionToken = self.sessionToken { request.headers.set("x-amz-security-token", sessionToken) }

        let names = Set(request.headers.fields.map(\.name)).subtracting(Self.unsignedHeaders).sorted()
        let canonicalRequest = try CanonicalRequest.make(
            request, signedHeaders: names, payload: payload.headerValue, place: .header)
        let credential = self.credential(amzDate)
        let signing = self.signature(canonicalRequest, credential: credential, amzDate: amzDate)
        let signature = String(decoding: signing.seedSignature, as: UTF8.self)
        request.headers.append(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=\(self.accessKeyID)/\(credential.scope), "
                + "SignedHeaders=\(names.joined(separator: ";")), Signature=\(signature)")
        return signing
    }

    /// Presigns with version 4.
    ///
    /// - Parameters:
    ///   - request: Its headers, `host` among them, are all signed, and so must be sent with the URL.
    ///   - seconds: How long the URL is valid, 1 to 604,800.
    /// - Returns: The request target, path and query.
    package func presign(
        _ request: SignedRequest,
        at date: Timestamp,
        expiresInSeconds seconds: Int
    ) throws(SigningError) -> String {
        precondition((1...604_800).contains(seconds))
        precondition(request.headers.contains("host"), "the host must be signed")
        let amzDate = date.amzDate
        let credential = self.credential(amzDate)
        let names = Set(request.headers.fields.map(\.name)).sorted()
        var parameters = [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", "\(self.accessKeyID)/\(credential.scope)"),
            ("X-Amz-Date", amzDate),
            ("X-Amz-Expires", "\(seconds)"),
            ("X-Amz-SignedHeaders", names.joined(separator: ";")),
        ]
        if let sessionToken = self.sessionToken { parameters.append(("X-Amz-Security-Token", sessionToken)) }
        let target = Self.appending(parameters, to: request.target)

        guard let parsed = RequestTarget(target) else { throw .invalidURI(target) }
        var extended = request
        extended.target = parsed
        let canonicalRequest = try CanonicalRequest.make(
            extended, signedHeaders: names, payload: request.headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD",
            place: .query)
        let signing = self.signature(canonicalRequest, credential: credential, amzDate: amzDate)
        return "\(target)&X-Amz-Signature=\(String(decoding: signing.seedSignature, as: UTF8.self))"
    }

    /// Presigns with version 2.
    ///
    /// - Parameter request: Its `content-type`, `content-md5` and `x-amz-…` headers are signed.
    /// - Returns: The request target, path and query.
    package func presignV2(_ request: SignedRequest, expiry: Timestamp) throws(SigningError) -> String {
        var parameters = [("AWSAccessKeyId", self.accessKeyID), ("Expires", "\(expiry.seconds)")]
        if let sessionToken = self.sessionToken { parameters.append(("x-amz-security-token", sessionToken)) }
        let target = Self.appending(parameters, to: request.target)

        guard let parsed = RequestTarget(target) else { throw .invalidURI(target) }
        var extended = request
        extended.target = parsed
        let stringToSign = StringToSignV2.make(extended, dateLine: "\(expiry.seconds)", place: .query)
        let signature = StringToSignV2.signature(stringToSign, secret: self.secret)
        return "\(target)&Signature=\(PercentEncoding.encode(signature.utf8, keepingSlash: false))"
    }

    private func credential(_ amzDate: String) -> Credential {
        Credential(
            accessKeyID: self.accessKeyID, date: String(amzDate.prefix(8)), region: self.region, service: self.service)
    }

    private func signature(_ canonicalRequest: [UInt8], credential: Credential, amzDate: String) -> SigningContext {
        let scope = credential.scope
        let key = self.keys.key(secret: self.secret, credential: credential)
        let stringToSign = CanonicalRequest.stringToSign(canonicalRequest, amzDate: amzDate, scope: scope)
        return SigningContext(
            accessKeyID: self.accessKeyID, key: .hmac(key), seedSignature: key.signature(stringToSign), scope: scope,
            amzDate: amzDate)
    }

    private static func appending(_ parameters: [(String, String)], to target: RequestTarget) -> String {
        var text = target.rawPath.isEmpty ? "/" : target.rawPath
        var separator = "?"
        if !target.rawQuery.isEmpty {
            text += "?\(target.rawQuery)"
            separator = "&"
        }
        for (name, value) in parameters {
            text += "\(separator)\(name)=\(PercentEncoding.encode(value.utf8, keepingSlash: false))"
            separator = "&"
        }
        return text
    }

    private static let unsignedHeaders: Set<String> = [
        "accept-encoding", "authorization", "connection", "expect", "keep-alive", "te", "transfer-encoding", "upgrade",
        "user-agent",
    ]
}
