import Crypto
package import TernCore

extension ParsedV2 {
    /// How far the clock of the client may be off, in milliseconds: 15 minutes (SIG-20).
    private static var maximumSkewMilliseconds: Int64 { 900_000 }

    /// Checks what needs no secret, but the time: before the access key is looked up.
    ///
    /// - Throws: SIG-20, SIG-22.
    package func validate(now: Timestamp) throws(SigningError) {
        if let expiry = self.expiry, now >= expiry {
            throw .requestHasExpired(lifetime: nil, expiry: expiry, now: now)
        }
        if let date = self.date, abs(now.milliseconds - date.milliseconds) > Self.maximumSkewMilliseconds {
            throw .requestTimeTooSkewed(requestTime: self.dateText, now: now)
        }
    }

    /// Checks the signature, after all that ``validate(now:)`` checks.
    ///
    /// - Throws: `SignatureDoesNotMatch` with what the server computed, and what `validate` throws.
    package func verify(
        _ request: SignedRequest,
        secret: String,
        now: Timestamp
    ) throws(SigningError) -> VerifiedRequest {
        try self.validate(now: now)
        let stringToSign = StringToSignV2.make(request, dateLine: self.dateLine, place: self.place)
        guard self.matches(stringToSign, of: request, secret: secret), !self.hasConflictingParameter else {
            throw .signatureDoesNotMatch(
                accessKeyID: self.accessKeyID, stringToSign: stringToSign, provided: self.signature)
        }
        return VerifiedRequest(
            accessKeyID: self.accessKeyID,
            mechanism: self.place == .header ? .v2Header : .v2Query,
            payload: self.payload,
            signedAt: self.date,
            hoistedHeaders: self.hoistedHeaders,
            signing: nil
        )
    }

    /// Whether the signature is that of the string to sign, or of the same for the other spelling of a bucket:
    /// botocore signs `/bucket/` and sends `/bucket`, which are one resource (ADR-1).
    private func matches(_ stringToSign: [UInt8], of request: SignedRequest, secret: String) -> Bool {
        func isSignature(of text: [UInt8]) -> Bool {
            self.signature.isEqualInConstantTime(to: Array(StringToSignV2.signature(text, secret: secret).utf8))
        }
        if isSignature(of: stringToSign) { return true }
        let path = request.target.rawPath.utf8
        guard request.virtualHostBucket == nil, path.count > 1, !path.dropFirst().contains(UInt8(ascii: "/")) else {
            return false
        }
        return isSignature(
            of: StringToSignV2.make(request, dateLine: self.dateLine, place: self.place, addsSlash: true))
    }
}

/// Builds the text of signature version 2 (SIG-60).
///
/// Source: Amazon S3 User Guide, "Signing and authenticating REST requests (AWS signature version 2)".
enum StringToSignV2 {
    /// - Parameter addsSlash: Whether to sign the path with one more slash at its end.
    static func make(
        _ request: SignedRequest,
        dateLine: String,
        place: SigningError.Place,
        addsSlash: Bool = false
    ) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(256)
        text.append(text: request.method)
        text.append(newline)
        for name in ["content-md5", "content-type"] {
            text.append(folding: self.value(of: name, in: request, place: place) ?? "")
            text.append(newline)
        }
        text.append(text: dateLine)
        text.append(newline)
        self.appendHeaders(request, place: place, to: &text)
        self.appendResource(request, addsSlash: addsSlash, to: &text)
        return text
    }

    /// Base64 of HMAC-SHA1.
    static func signature(_ stringToSign: [UInt8], secret: String) -> String {
        let key = SymmetricKey(data: Array(secret.utf8))
        return Base64.encode(Array(HMAC<Insecure.SHA1>.authenticationCode(for: stringToSign, using: key)))
    }

    /// A header, or in the query form the parameter that stands for it: botocore moves these two into the query.
    private static func value(of name: String, in request: SignedRequest, place: SigningError.Place) -> String? {
        request.headers[name] ?? (place == .query ? request.target[name] : nil)
    }

    /// Every `x-amz-…` header, and parameter that stands for one, sorted.
    private static func appendHeaders(_ request: SignedRequest, place: SigningError.Place, to text: inout [UInt8]) {
        var values: [String: [String]] = [:]
        for field in request.headers.fields where isAmzName(field.name) {
            values[field.name, default: []].append(field.value)
        }
        if place == .query {
            for item in request.target.query where isAmzName(item.name) {
                let name = item.name.lowercased()
                if !request.headers.contains(name) { values[name, default: []].append(item.value ?? "") }
            }
        }
        for (name, values) in values.sorted(by: { $0.key < $1.key }) {
            text.append(text: name)
            text.append(UInt8(ascii: ":"))
            for (index, value) in values.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                text.append(folding: value)
            }
            text.append(newline)
        }
    }

    /// The path as sent, behind the bucket that the host names, and the sub-resources.
    private static func appendResource(_ request: SignedRequest, addsSlash: Bool, to text: inout [UInt8]) {
        if let bucket = request.virtualHostBucket {
            text.append(UInt8(ascii: "/"))
            text.append(text: bucket)
        }
        text.append(text: request.target.rawPath.isEmpty ? "/" : request.target.rawPath)
        if addsSlash { text.append(UInt8(ascii: "/")) }
        let items = request.target.query.filter { self.signedParameters.contains($0.name) }.sorted { $0.name < $1.name }
        for (index, item) in items.enumerated() {
            text.append(index == 0 ? UInt8(ascii: "?") : UInt8(ascii: "&"))
            text.append(text: item.name)
            if let value = item.value {
                text.append(UInt8(ascii: "="))
                text.append(text: value)
            }
        }
    }

    private static let newline = UInt8(ascii: "\n")

    /// The parameters that are part of the resource.
    private static let signedParameters: Set<String> = [
        "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "encryption", "inventory", "legal-hold",
        "lifecycle", "location", "logging", "metrics", "notification", "object-lock", "partNumber", "policy",
        "replication", "requestPayment", "restore", "retention", "select", "select-type", "storageClass", "tagging",
        "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
        "response-cache-control", "response-content-disposition", "response-content-encoding",
        "response-content-language", "response-content-type", "response-expires",
    ]
}
