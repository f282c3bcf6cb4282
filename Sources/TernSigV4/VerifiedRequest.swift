package import TernCore

/// A request whose signature was found right: the result of the second step.
package struct VerifiedRequest: Sendable {
    /// The words of the policy conditions `s3:authType` and `s3:signatureversion`.
    package enum Mechanism: Hashable, Sendable {
        case v4Header
        case v4Query
        case v2Header
        case v2Query

        /// `REST-HEADER` or `REST-QUERY-STRING`.
        package var authType: String {
            switch self {
            case .v4Header, .v2Header: "REST-HEADER"
            case .v4Query, .v2Query: "REST-QUERY-STRING"
            }
        }

        /// `AWS4-HMAC-SHA256` or `AWS`.
        package var signatureVersion: String {
            switch self {
            case .v4Header, .v4Query: "AWS4-HMAC-SHA256"
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
    package var key: SigningKey
    /// The request's own signature, 64 hexadecimal digits in ASCII.
    package var seedSignature: [UInt8]
    /// `YYYYMMDD/region/service/aws4_request`.
    package var scope: String
    /// `YYYYMMDDTHHMMSSZ`.
    package var amzDate: String
}
