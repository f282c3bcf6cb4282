package import TernCore

/// The parts of a request that a signature covers.
package struct SignedRequest: Sendable {
    /// In upper case, as received.
    package var method: String
    package var target: RequestTarget
    package var headers: HeaderFields
    /// The bucket that the `Host` names, in virtual-hosted style; signature version 2 signs it as part of the path.
    package var virtualHostBucket: String?

    package init(method: String, target: RequestTarget, headers: HeaderFields, virtualHostBucket: String? = nil) {
        self.method = method
        self.target = target
        self.headers = headers
        self.virtualHostBucket = virtualHostBucket
    }

    /// Throws `RequestHeaderSectionTooLarge` if the header section is larger than 8 KiB (spec §2.8).
    package func checkHeaderSectionSize() throws(SigningError) {
        // On the wire each field has `: ` in the middle and CR LF at the end.
        let byteCount = self.headers.fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        guard byteCount <= 8192 else { throw .headerSectionTooLarge }
    }
}

/// What a server accepts.
package struct AuthenticationPolicy: Sendable {
    /// The service that must stand in the credential scope: `s3`, or `tern` between regions.
    package var service: String
    /// Whether signature version 2 is accepted in the query (`auth.sigv2: query`; spec §2.1).
    package var acceptsV2Query: Bool
    /// Whether signature version 2 is accepted in the `Authorization` header.
    package var acceptsV2Header: Bool
    /// The SHA-256 of the body, raw, for services whose requests do not carry `x-amz-content-sha256`. S3's must
    /// (SIG-9).
    package var bodySHA256: [UInt8]?

    package init(
        service: String = "s3",
        acceptsV2Query: Bool = true,
        acceptsV2Header: Bool = false,
        bodySHA256: [UInt8]? = nil
    ) {
        self.service = service
        self.acceptsV2Query = acceptsV2Query
        self.acceptsV2Header = acceptsV2Header
        self.bodySHA256 = bodySHA256
    }
}
