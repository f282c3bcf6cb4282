package import TernCore

extension ParsedV4 {
    /// How far the clock of the client may be off, in milliseconds: 15 minutes (SIG-20).
    private static var maximumSkewMilliseconds: Int64 { 900_000 }

    /// Whether the signature is good for a region: the one in its scope, or in version 4A each that its set admits
    /// (spec rules RGN-5, SIG-50).
    package func admits(_ region: RegionName) -> Bool {
        if let regionSet {
            return regionSet.contains { RegionPattern($0).matches(region.description) }
        }
        let isAlias = self.credential.region == "US" && region == .usEast1  // RGN-6
        return isAlias || self.credential.region == region.description
    }

    /// Checks what needs no secret, but the time and the region: before the access key is looked up.
    ///
    /// - Parameters:
    ///   - expectedRegion: The bucket's region if the bucket exists, else the endpoint's (RGN-5).
    ///   - now: The server's time.
    /// - Throws: RGN-4, SIG-20, SIG-22.
    package func validate(expectedRegion: RegionName, now: Timestamp) throws(SigningError) {
        guard self.admits(expectedRegion) else {
            let named = self.regionSet?.joined(separator: ",") ?? self.credential.region
            throw .wrongRegion(named, expected: expectedRegion, in: self.place)
        }
        let ageMilliseconds = now.milliseconds - self.date.milliseconds
        switch self.place {
        case .header:
            guard abs(ageMilliseconds) <= Self.maximumSkewMilliseconds else {
                throw .requestTimeTooSkewed(requestTime: self.dateText, now: now)
            }
        case .query:
            guard ageMilliseconds >= -Self.maximumSkewMilliseconds else {
                throw .requestIsNotValidYet(date: self.dateText, now: now)
            }
            let lifetime = self.expiresInSeconds ?? 0
            guard ageMilliseconds < lifetime * 1000 else {
                throw .requestHasExpired(lifetime: "\(lifetime)", expiry: self.date + .seconds(lifetime), now: now)
            }
        }
    }

    /// Checks the signature, after all that ``validate(expectedRegion:now:)`` checks.
    ///
    /// - Parameters:
    ///   - request: The one that was parsed.
    ///   - secret: The secret of `credential.accessKeyID`.
    ///   - keys: Where signing keys are remembered, if anywhere.
    /// - Throws: `SignatureDoesNotMatch` with what the server computed, and what `validate` throws.
    package func verify(
        _ request: SignedRequest,
        secret: String,
        expectedRegion: RegionName,
        now: Timestamp,
        keys: SigningKeyCache? = nil
    ) throws(SigningError) -> VerifiedRequest {
        try self.validate(expectedRegion: expectedRegion, now: now)
        let canonicalRequest = try CanonicalRequest.make(
            request, signedHeaders: self.signedHeaders, payload: self.payloadLine, place: self.place)
        let scope = self.credential.scope
        let isAsymmetric = self.regionSet != nil
        let stringToSign = CanonicalRequest.stringToSign(
            canonicalRequest, amzDate: self.amzDate, scope: scope, isAsymmetric: isAsymmetric)
        let key = isAsymmetric ? self.publicKey(secret, keys) : self.signingKey(secret, keys)
        let signature = Array(self.signature.utf8)
        guard key.accepts(signature, for: stringToSign), !self.hasConflictingParameter else {
            throw .signatureDoesNotMatch(
                accessKeyID: self.credential.accessKeyID, stringToSign: stringToSign, provided: self.signature,
                canonicalRequest: canonicalRequest)
        }
        return VerifiedRequest(
            accessKeyID: self.credential.accessKeyID,
            mechanism: self.mechanism,
            payload: self.payload,
            signedAt: self.date,
            hoistedHeaders: self.hoistedHeaders,
            signing: SigningContext(
                accessKeyID: self.credential.accessKeyID, key: key, seedSignature: signature, scope: scope,
                amzDate: self.amzDate)
        )
    }

    private var mechanism: VerifiedRequest.Mechanism {
        switch (self.place, self.regionSet == nil) {
        case (.header, true): .v4Header
        case (.query, true): .v4Query
        case (.header, false): .v4aHeader
        case (.query, false): .v4aQuery
        }
    }

    private func signingKey(_ secret: String, _ keys: SigningKeyCache?) -> VerificationKey {
        .hmac(
            keys?.key(secret: secret, credential: self.credential)
                ?? SigningKey(secret: secret, credential: self.credential))
    }

    private func publicKey(_ secret: String, _ keys: SigningKeyCache?) -> VerificationKey {
        let id = self.credential.accessKeyID
        return .ecdsa(
            keys?.publicKey(secret: secret, accessKeyID: id) ?? AsymmetricKey.publicKey(secret: secret, accessKeyID: id)
        )
    }
}

/// A member of a region set: a region, with `*` for any characters (SIG-50).
struct RegionPattern {
    private let parts: [Substring]

    init(_ text: String) {
        self.parts = text.split(separator: "*", omittingEmptySubsequences: false)
    }

    func matches(_ region: String) -> Bool {
        guard let first = self.parts.first, let last = self.parts.last, region.hasPrefix(first) else { return false }
        if self.parts.count == 1 { return region == first }
        var rest = region.dropFirst(first.count)
        for part in self.parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
