import TernCore

/// How a request says who makes it: the first of two steps, without the secret (spec §2.1).
///
/// ```swift
/// let scheme = try AuthenticationScheme.detect(in: request, policy: policy)
/// // … find the secret of the access key, and the bucket's region …
/// let verified = try parsed.verify(request, secret: secret, expectedRegion: region, now: now, keys: keys)
/// ```
package enum AuthenticationScheme: Sendable {
    /// Neither `Authorization` nor a signature in the query. (A form may still carry a POST policy.)
    case anonymous
    /// Version 4 or 4A in the `Authorization` header.
    case v4Header(ParsedV4)
    /// Version 4 or 4A in the query: a presigned URL.
    case v4Query(ParsedV4)
    /// Version 2 in the query: a presigned URL.
    case v2Query(ParsedV2)
    /// Version 2 in the `Authorization` header.
    case v2Header(ParsedV2)

    /// The access key that signs; `nil` for an anonymous request.
    package var accessKeyID: String? {
        switch self {
        case .anonymous: nil
        case .v4Header(let parsed), .v4Query(let parsed): parsed.credential.accessKeyID
        case .v2Query(let parsed), .v2Header(let parsed): parsed.accessKeyID
        }
    }

    /// The session token that came with the signature.
    package var securityToken: String? {
        switch self {
        case .anonymous: nil
        case .v4Header(let parsed), .v4Query(let parsed): parsed.securityToken
        case .v2Query(let parsed), .v2Header(let parsed): parsed.securityToken
        }
    }

    /// Finds and reads the one mechanism that a request uses.
    ///
    /// Everything that needs neither the secret nor the time nor the bucket's region is checked here.
    ///
    /// - Throws: ``SigningError`` for a mechanism that is unknown, not accepted, not unique (SIG-37) or malformed
    ///   (§2.8), and for headers that are not signed (SIG-7).
    package static func detect(
        in request: SignedRequest,
        policy: AuthenticationPolicy
    ) throws(SigningError) -> AuthenticationScheme {
        let authorization = request.headers["authorization"]
        if !request.target.query.isEmpty {
            let query = QueryParameters(request.target)
            if query.isV4 || query.isV2 {
                if authorization != nil || (query.isV4 && query.isV2) {
                    throw .severalMechanisms(authorization: authorization ?? "")
                }
                if query.isV4 { return .v4Query(try ParsedV4(query: query, of: request, policy: policy)) }
                guard policy.acceptsV2Query else { throw .mechanismNotSupported }
                return .v2Query(try ParsedV2(query: query, of: request))
            }
        }
        guard let authorization else { return .anonymous }
        // Whoever sends two may mean one for us and one for somebody in between.
        let all = request.headers.values("authorization")
        if all.count > 1 { throw .severalMechanisms(authorization: all.joined(separator: ",")) }

        guard let (scheme, rest) = authorization.halves(byte: UInt8(ascii: " ")) else {
            throw .notOneSpace(authorization: authorization)
        }
        switch scheme {
        case "AWS4-HMAC-SHA256":
            return .v4Header(try ParsedV4(authorization: rest, of: request, policy: policy))
        case "AWS":
            guard policy.acceptsV2Header else { throw .mechanismNotSupported }
            return .v2Header(try ParsedV2(authorization: rest, of: request))
        case "AWS4-ECDSA-P256-SHA256":
            return .v4Header(try ParsedV4(authorization: rest, of: request, isAsymmetric: true, policy: policy))
        default:
            throw .unsupportedAuthorizationType(authorization: authorization)
        }
    }

    /// The service in the credential scope of a request signed with version 4, for routing (ADR-5); `nil` if there is
    /// none to be read. Nothing is checked.
    package static func service(of request: SignedRequest) -> String? {
        let credential: Substring
        if let authorization = request.headers["authorization"] {
            let components = authorization.split { $0 == " " || $0 == "," }
            guard let component = components.first(where: { $0.hasPrefix("Credential=") }) else { return nil }
            credential = component
        } else if let value = QueryParameters(request.target).credential {
            credential = value[...]
        } else {
            return nil
        }
        let parts = credential.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 5 || parts.count == 4 ? String(parts[parts.count - 2]) : nil
    }
}
