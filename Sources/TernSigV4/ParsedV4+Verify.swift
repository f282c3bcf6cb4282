package import TernCore

extension ParsedV4 {
    /// How far the clock of the client may be off, in milliseconds: 15 minutes (SIG-20).
    private static var maximumSkewMilliseconds: Int64 { 900_000 }

    /// Checks what needs no secret, but the time and the region: before the access key is looked up.
    ///
    /// - Parameters:
    ///   - expectedRegion: The bucket's region if the bucket exists, else the endpoint's (RGN-5).
    ///   - now: The server's time.
    /// - Throws: RGN-4, SIG-20, SIG-22.
    package func validate(expectedRegion: RegionName, now: Timestamp) throws(SigningError) {
        let isAlias = self.credential.region == "US" && expectedRegion == .usEast1  // RGN-6
        guard isAlias || self.credential.region == expectedRegion.description else {
            throw .wrongRegion(self.credential.region, expected: expectedRegion, in: self.place)
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
        let stringToSign = CanonicalRequest.stringToSign(canonicalRequest, amzDate: self.amzDate, scope: scope)
        let key =
            keys?.key(secret: secret, credential: self.credential)
            ?? SigningKey(secret: secret, credential: self.credential)
        let signature = key.signature(stringToSign)
        guard self.signature.isEqualInConstantTime(to: signature), !self.hasConflictingParameter else {
            throw .signatureDoesNotMatch(
                accessKeyID: self.credential.accessKeyID, stringToSign: stringToSign, provided: self.signature,
                canonicalRequest: canonicalRequest)
        }
        return VerifiedRequest(
            accessKeyID: self.credential.accessKeyID,
            mechanism: self.place == .header ? .v4Header : .v4Query,
            payload: self.payload,
            signedAt: self.date,
            hoistedHeaders: self.hoistedHeaders,
            signing: SigningContext(
                accessKeyID: self.credential.accessKeyID, key: key, seedSignature: signature, scope: scope,
                amzDate: self.amzDate)
        )
    }
}
