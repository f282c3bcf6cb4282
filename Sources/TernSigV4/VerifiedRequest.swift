package import TernCore

/// A request whose signature was found right: the result of the second step.
package struct VerifiedRequest: Sendable {
    /// The words of the policy conditions `s3:authType` and `s3:signatureversion`.
    package enum Mechanism: Hashable, Sendable {
        case v4Header
        case v4Query
        case v4aHeader
        case v4aQuery
        case v2Header
        case v2Query

        /// `REST-HEADER` or `REST-QUERY-STRING`.
        package var authType: String {
            switch self {
            case .v4Header, .v4aHeader, .v2Header: "REST-HEADER"
            case .v4Query, .v4aQuery, .v2Query: "REST-QUERY-STRING"
            }
        }

        /// `AWS4-HMAC-SHA256`, `AWS4-ECDSA-P256-SHA256` or `AWS`.
        package var signatureVersion: String {
            switch self {
            case .v4Header, .v4Query: "AWS4-HMAC-SHA256"
            case .v4aHeader, .v4aQuery: "AWS4-ECDSA-P256-SHA256"
            case .v2Header, .v2Query: "AWS"
            }
        }
    }

    package var accessKeyID: String
    package var mechanism: Mechanism
    package var payload: PayloadMode
    /// When the request was signed; `nil` where version 2 does not tell.
    package var signedAt: Timestamp?
    /// Query parameters that act as headers (SIG-32), names in lower case.
    package var hoistedHeaders: [HeaderFields.Field]
    /// What the signatures of chunks build upon; `nil` with version 2.
    package var signing: SigningContext?
}

/// What the signatures of a request's chunks and trailer build upon (SIG-43).
package struct SigningContext: Sendable {
    package var accessKeyID: String
    package var key: VerificationKey
    /// The request's own signature, hexadecimal digits in ASCII.
    package var seedSignature: [UInt8]
    /// `YYYYMMDD/region/service/aws4_request`; without the region in version 4A.
    package var scope: String
    /// `YYYYMMDDTHHMMSSZ`.
    package var amzDate: String
}
