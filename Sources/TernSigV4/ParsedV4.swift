package import TernCore

/// A request signed with version 4, as far as can be read without the secret.
package struct ParsedV4: Sendable {
    /// Whether it is signed in the header or in the query.
    package let place: SigningError.Place
    package let credential: Credential
    /// In lower case, sorted.
    package let signedHeaders: [String]
    /// As sent.
    package let signature: String
    /// When it was signed.
    package let date: Timestamp
    /// The session token; whoever knows the access keys checks it.
    package let securityToken: String?
    package let payload: PayloadMode
    /// Version 4A: the regions that it is good for, with `*` for any characters (SIG-50). `nil` in version 4.
    package let regionSet: [String]?
    /// For how many seconds a presigned URL is valid.
    package let expiresInSeconds: Int64?
    /// Query parameters of a presigned URL that act as headers (SIG-32), names in lower case.
    package let hoistedHeaders: [HeaderFields.Field]

    /// The date as the string to sign has it, `YYYYMMDDTHHMMSSZ`.
    let amzDate: String
    /// The date as sent.
    let dateText: String
    /// The literal of the payload hash line.
    let payloadLine: String
    /// SIG-33.
    let hasConflictingParameter: Bool
}

// MARK: Version 4A

extension ParsedV4 {
    /// Reads the set of regions, which version 4A must name (SIG-50).
    private static func regionSet(
        _ text: String?, _ isAsymmetric: Bool, place: SigningError.Place
    ) throws(SigningError) -> [String]? {
        guard isAsymmetric else { return nil }
        let regions = (text ?? "").split(byte: UInt8(ascii: ",")).map(\.withoutLeadingSpaces).filter { !$0.isEmpty }
        guard !regions.isEmpty else { throw .malformed("missing X-Amz-Region-Set.", in: place) }
        return regions
    }

    /// Chunks are signed in the version of the request.
    private static func check(_ payload: PayloadMode, _ line: String, _ isAsymmetric: Bool) throws(SigningError) {
        if let chunks = payload.chunksAreAsymmetric, chunks != isAsymmetric { throw .invalidContentSHA256(line) }
    }
}

// MARK: In the header

extension ParsedV4 {
    /// Reads an `Authorization` header of version 4 (spec rules SIG-1 and SIG-5 to SIG-9).
    ///
    /// - Parameter components: What follows the scheme and its space.
    init(
        authorization components: String,
        of request: SignedRequest,
        isAsymmetric: Bool = false,
        policy: AuthenticationPolicy
    ) throws(SigningError) {
        let parts = try AuthorizationComponents(components)
        let (date, dateText, amzDate) = try Self.headerDate(request.headers)
        let credential = try Credential(
            parsing: parts.credential, service: policy.service, hasRegion: !isAsymmetric, place: .header)
        try credential.checkDate(amzDate, place: .header)

        let signedHeaders = Self.signedHeaderNames(parts.signedHeaders)
        try Self.checkSigned(request.headers, signedHeaders)

        if let line = request.headers["x-amz-content-sha256"] {
            guard let payload = PayloadMode(line) else { throw .invalidContentSHA256(line) }
            self.payload = payload
            self.payloadLine = line
        } else if let digest = policy.bodySHA256 {
            self.payload = .sha256(digest)
            self.payloadLine = digest.lowercaseHex
        } else {
            throw .missingContentSHA256
        }
        self.regionSet = try Self.regionSet(request.headers["x-amz-region-set"], isAsymmetric, place: .header)
        try Self.check(self.payload, self.payloadLine, isAsymmetric)
        self.place = .header
        self.credential = credential
        self.signedHeaders = signedHeaders
        self.signature = parts.signature
        self.date = date
        self.amzDate = amzDate
        self.dateText = dateText
        self.securityToken = request.headers["x-amz-security-token"]
        self.expiresInSeconds = nil
        self.hoistedHeaders = []
        self.hasConflictingParameter = false
    }

    /// `x-amz-date`, else `Date`; in the form that version 4 asks for, or as an HTTP date.
    ///
    /// - Returns: The date, its text as sent, and its text as it is signed.
    private static func headerDate(_ headers: HeaderFields) throws(SigningError) -> (Timestamp, String, String) {
        guard let text = headers["x-amz-date"] ?? headers["date"] else { throw .noValidDate }
        if let date = Timestamp(amzDate: text) { return (date, text, text) }
        guard let date = Timestamp(httpDate: text) else { throw .noValidDate }
        return (date, text, date.amzDate)
    }

    /// SIG-7: `host` and every `x-amz-…` header must be signed.
    private static func checkSigned(_ headers: HeaderFields, _ signedHeaders: [String]) throws(SigningError) {
        var missing: [String] = []
        if !signedHeaders.contains("host") { missing.append("host") }
        for field in headers.fields where field.name.hasPrefix("x-amz-") {
            if !signedHeaders.contains(field.name), !missing.contains(field.name) { missing.append(field.name) }
        }
        if !missing.isEmpty { throw .headersNotSigned(missing.sorted()) }
    }

    private static func signedHeaderNames(_ text: String) -> [String] {
        let names = text.split(byte: UInt8(ascii: ";")).filter { !$0.isEmpty }
        let isInOrder = names.indices.dropFirst().allSatisfy { names[$0 - 1] < names[$0] }
        let isCanonical = isInOrder && text.allBytesSatisfy { lowercased($0) == $0 }
        return isCanonical ? names : names.map { $0.lowercased() }.sorted()
    }
}

/// The three components of an `Authorization` header of version 4.
private struct AuthorizationComponents {
    var credential = ""
    var signedHeaders = ""
    var signature = ""

    init(_ text: String) throws(SigningError) {
        let components = text.split(byte: UInt8(ascii: ",")).filter { !$0.isEmpty }
        guard components.count >= 3 else {
            throw .malformed(
                "the authorization header requires three components: Credential, SignedHeaders, and Signature.",
                in: .header)
        }
        for component in components {
            let trimmed = component.withoutLeadingSpaces
            guard let (name, value) = trimmed.halves(byte: UInt8(ascii: "=")) else {
                throw .malformed(#"the authorization component "\#(trimmed)" is malformed."#, in: .header)
            }
            switch name {
            case "Credential": self.credential = value
            case "SignedHeaders": self.signedHeaders = value
            case "Signature": self.signature = value
            default: continue
            }
        }
        if self.credential.isEmpty { throw .malformed("missing Credential.", in: .header) }
        if self.signedHeaders.isEmpty { throw .malformed("missing SignedHeaders.", in: .header) }
        if self.signature.isEmpty { throw .malformed("missing Signature.", in: .header) }
    }
}

// MARK: In the query

extension ParsedV4 {
    /// The longest validity of a presigned URL, seven days (SIG-23).
    private static var maximumExpirySeconds: Int64 { 604_800 }

    /// Reads the parameters of a presigned URL (spec rules SIG-30 to SIG-36).
    init(
        query: QueryParameters,
        of request: SignedRequest,
        policy: AuthenticationPolicy
    ) throws(SigningError) {
        guard let algorithm = query.algorithm, let credentialText = query.credential, let dateText = query.date,
            let expires = query.expires, let signedHeaderText = query.signedHeaders, let signature = query.signature
        else {
            throw .queryParameters(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
                    + "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
        }
        let isAsymmetric = algorithm == "AWS4-ECDSA-P256-SHA256"
        guard algorithm == "AWS4-HMAC-SHA256" || isAsymmetric else {
            throw .queryParameters(#"X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256""#)
        }
        let credential = try Credential(
            parsing: credentialText, service: policy.service, hasRegion: !isAsymmetric, place: .query)
        guard let date = Timestamp(amzDate: dateText) else {
            throw .queryParameters(#"X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'""#)
        }
        try credential.checkDate(dateText, place: .query)

        let signedHeaders = Self.signedHeaderNames(signedHeaderText)
        try Self.checkSigned(request.headers, signedHeaders)
        let hoisted = HoistedHeaders(request, signedHeaders: signedHeaders)

        // SIG-31.
        let payloadLine = request.headers["x-amz-content-sha256"] ?? query.contentSHA256 ?? "UNSIGNED-PAYLOAD"
        guard let payload = PayloadMode(payloadLine) else { throw .invalidContentSHA256(payloadLine) }

        self.place = .query
        self.credential = credential
        self.signedHeaders = signedHeaders
        self.signature = signature
        self.date = date
        self.amzDate = dateText
        self.dateText = dateText
        self.securityToken = query.securityToken ?? request.headers["x-amz-security-token"]
        self.payload = payload
        self.payloadLine = payloadLine
        self.regionSet = try Self.regionSet(query.regionSet, isAsymmetric, place: .query)
        try Self.check(payload, payloadLine, isAsymmetric)
        self.expiresInSeconds = try Self.expiry(expires)
        self.hoistedHeaders = hoisted.fields
        self.hasConflictingParameter = hoisted.hasConflict
    }

    private static func expiry(_ text: String) throws(SigningError) -> Int64 {
        guard let seconds = Int64(text) else { throw .queryParameters("X-Amz-Expires should be a number") }
        guard seconds >= 0 else { throw .queryParameters("X-Amz-Expires must be non-negative") }
        guard seconds <= Self.maximumExpirySeconds else {
            throw .queryParameters(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less "
                    + "than 604800 seconds")
        }
        return seconds
    }
}
