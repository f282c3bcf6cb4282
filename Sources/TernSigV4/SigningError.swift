package import TernCore

/// Why a request is not authenticated: S3's error code, status, message and detail elements (spec §2.2–§2.8).
///
/// The protocol layer turns it into an error document: the details stand between message and request ID, in order.
package struct SigningError: Error, Hashable, Sendable {
    /// One detail element of the error document.
    package struct Detail: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// S3's code, such as `SignatureDoesNotMatch`.
    package var code: String
    /// The HTTP status.
    package var status: Int
    package var message: String
    package var details: [Detail]

    package init(_ code: String, status: Int, message: String, details: [Detail] = []) {
        self.code = code
        self.status = status
        self.message = message
        self.details = details
    }
}

// MARK: Who signs

extension SigningError {
    /// Also for an inactive key.
    package static func invalidAccessKeyID(_ id: String) -> SigningError {
        SigningError(
            "InvalidAccessKeyId", status: 403,
            message: "The AWS Access Key Id you provided does not exist in our records.",
            details: [Detail("AWSAccessKeyId", id)])
    }

    package static func invalidToken(_ token: String) -> SigningError {
        SigningError(
            "InvalidToken", status: 400, message: "The provided token is malformed or otherwise invalid.",
            details: [Detail("Token-0", token)])
    }

    package static func expiredToken(_ token: String) -> SigningError {
        SigningError(
            "ExpiredToken", status: 400, message: "The provided token has expired.",
            details: [Detail("Token-0", token)])
    }

    package static let allAccessDisabled = SigningError(
        "AllAccessDisabled", status: 403, message: "All access to this object has been disabled")
}

// MARK: Which mechanism

extension SigningError {
    static func notOneSpace(authorization: String) -> SigningError {
        .invalidArgument(
            "Authorization header is invalid -- one and only one ' ' (space) required.",
            name: "Authorization", value: authorization)
    }

    static func unsupportedAuthorizationType(authorization: String) -> SigningError {
        .invalidArgument("Unsupported Authorization Type", name: "Authorization", value: authorization)
    }

    package static let mechanismNotSupported = SigningError(
        "InvalidRequest", status: 400,
        message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")

    /// SIG-37.
    static func severalMechanisms(authorization: String) -> SigningError {
        .invalidArgument(
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
                + "parameter or the Authorization header should be specified",
            name: "Authorization", value: authorization)
    }

    static func invalidArgument(_ message: String, name: String, value: String) -> SigningError {
        SigningError(
            "InvalidArgument", status: 400, message: message,
            details: [Detail("ArgumentName", name), Detail("ArgumentValue", value)])
    }
}

// MARK: The credential and its scope

extension SigningError {
    /// Where a credential stands, and so how its faults are reported.
    package enum Place: Hashable, Sendable {
        case header
        case query
    }

    static func malformed(_ fault: String, in place: Place, details: [Detail] = []) -> SigningError {
        switch place {
        case .header:
            SigningError(
                "AuthorizationHeaderMalformed", status: 400,
                message: "The authorization header is malformed; \(fault)", details: details)
        case .query:
            SigningError(
                "AuthorizationQueryParametersError", status: 400,
                message: "Error parsing the X-Amz-Credential parameter; \(fault)", details: details)
        }
    }

    /// SIG-30, SIG-36: a fault of another parameter than the credential.
    static func queryParameters(_ message: String) -> SigningError {
        SigningError("AuthorizationQueryParametersError", status: 400, message: message)
    }

    static func credentialShape(in place: Place) -> SigningError {
        .malformed(
            #"the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"."#, in: place)
    }

    /// RGN-4: clients parse `Region` and try again with it.
    package static func wrongRegion(_ region: String, expected: RegionName, in place: Place) -> SigningError {
        .malformed(
            "the region '\(region)' is wrong; expecting '\(expected)'", in: place,
            details: [Detail("Region", expected.description)])
    }
}

// MARK: Time

extension SigningError {
    static let noValidDate = SigningError(
        "AccessDenied", status: 403, message: "AWS authentication requires a valid Date or x-amz-date header")

    /// SIG-20; `requestTime` as sent.
    static func requestTimeTooSkewed(requestTime: String, now: Timestamp) -> SigningError {
        SigningError(
            "RequestTimeTooSkewed", status: 403,
            message: "The difference between the request time and the current time is too large.",
            details: [
                Detail("RequestTime", requestTime), Detail("ServerTime", now.iso8601),
                Detail("MaxAllowedSkewMilliseconds", "900000"),
            ])
    }

    /// SIG-22; `lifetime` is the text of `X-Amz-Expires`, which SigV2 does not have.
    static func requestHasExpired(lifetime: String?, expiry: Timestamp, now: Timestamp) -> SigningError {
        var details: [Detail] = []
        if let lifetime { details.append(Detail("X-Amz-Expires", lifetime)) }
        details.append(Detail("Expires", expiry.iso8601))
        details.append(Detail("ServerTime", now.iso8601))
        return SigningError("AccessDenied", status: 403, message: "Request has expired", details: details)
    }

    static func requestIsNotValidYet(date: String, now: Timestamp) -> SigningError {
        SigningError(
            "AccessDenied", status: 403, message: "Request is not valid yet",
            details: [Detail("X-Amz-Date", date), Detail("ServerTime", now.iso8601)])
    }
}

// MARK: What is signed

extension SigningError {
    /// SIG-7.
    static func headersNotSigned(_ names: [String]) -> SigningError {
        SigningError(
            "AccessDenied", status: 403, message: "There were headers present in the request which were not signed",
            details: [Detail("HeadersNotSigned", names.joined(separator: ", "))])
    }

    /// What the server computed instead of the signature provided; `canonicalRequest` only in version 4.
    static func signatureDoesNotMatch(
        accessKeyID: String,
        stringToSign: [UInt8],
        provided: String,
        canonicalRequest: [UInt8]? = nil
    ) -> SigningError {
        var details = [
            Detail("AWSAccessKeyId", accessKeyID),
            Detail("StringToSign", String(decoding: stringToSign, as: UTF8.self)),
            Detail("SignatureProvided", provided),
            Detail("StringToSignBytes", spacedHex(stringToSign)),
        ]
        if let canonicalRequest {
            details.append(Detail("CanonicalRequest", String(decoding: canonicalRequest, as: UTF8.self)))
            details.append(Detail("CanonicalRequestBytes", spacedHex(canonicalRequest)))
        }
        return SigningError(
            "SignatureDoesNotMatch", status: 403,
            message: "The request signature we calculated does not match the signature you provided. "
                + "Check your key and signing method.",
            details: details)
    }

    /// ADR-7.
    static func invalidURI(_ path: String) -> SigningError {
        SigningError(
            "InvalidURI", status: 400, message: "Couldn't parse the specified URI.", details: [Detail("URI", path)])
    }

    private static func spacedHex(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 3)
        for byte in bytes {
            if !text.isEmpty { text.append(UInt8(ascii: " ")) }
            text.append(hexDigit(byte >> 4))
            text.append(hexDigit(byte & 15))
        }
        return String(decoding: text, as: UTF8.self)
    }
}

// MARK: The payload

extension SigningError {
    /// SIG-9.
    static let missingContentSHA256 = SigningError(
        "InvalidRequest", status: 400, message: "Missing required header for this request: x-amz-content-sha256")

    /// SIG-9.
    static func invalidContentSHA256(_ value: String) -> SigningError {
        .invalidArgument(
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
                + "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER "
                + "or a valid sha256 value.",
            name: "x-amz-content-sha256", value: value)
    }

    /// SIG-10: the body is not the one that was signed. Both digests are raw bytes.
    package static func contentSHA256Mismatch(client: [UInt8], computed: [UInt8]) -> SigningError {
        SigningError(
            "XAmzContentSHA256Mismatch", status: 400,
            message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
            details: [
                Detail("ClientComputedContentSHA256", client.lowercaseHex),
                Detail("S3ComputedContentSHA256", computed.lowercaseHex),
            ])
    }

    /// SIG-46: a streaming payload for an operation other than PutObject and UploadPart.
    package static let streamingNotAllowed = SigningError(
        "InvalidRequest", status: 400, message: "The value of x-amz-content-sha256 header is invalid.")

    /// SIG-41, and a PUT that is not chunked and tells no length.
    package static let missingContentLength = SigningError(
        "MissingContentLength", status: 411, message: "You must provide the Content-Length HTTP header.")

    /// SIG-41: the decoded length is not the one announced.
    package static let incompleteBody = SigningError(
        "IncompleteBody", status: 400,
        message: "You did not provide the number of bytes specified by the Content-Length HTTP header")

    /// SIG-41, SIG-42: the body ends early, or its framing is broken.
    package static let bodyTerminated = SigningError(
        "IncompleteBody", status: 400, message: "The request body terminated unexpectedly")

    /// SIG-42; `chunk` counts from 1.
    static func invalidChunkSize(chunk: Int, byteCount: Int64) -> SigningError {
        SigningError(
            "InvalidChunkSizeError", status: 400,
            message: "Only the last chunk is allowed to have a size less than 8192 bytes",
            details: [Detail("Chunk", "\(chunk)"), Detail("BadChunkSize", "\(byteCount)")])
    }

    /// SIG-45.
    static let trailerNotSupported = SigningError(
        "InvalidRequest", status: 400, message: "The value specified in the x-amz-trailer header is not supported")

    /// SIG-45.
    static let malformedTrailer = SigningError(
        "MalformedTrailerError", status: 400,
        message: "The request contained trailing data that was not well-formed or did not conform to our published "
            + "schema.")

    /// SIG-45.
    static func invalidTrailingChecksum(_ name: String) -> SigningError {
        SigningError("InvalidRequest", status: 400, message: "Value for \(name) trailing header is invalid.")
    }

    /// SIG-45.
    static let severalChecksums = SigningError(
        "InvalidRequest", status: 400,
        message: "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")

    /// §2.8: the header section is larger than 8 KiB.
    package static let headerSectionTooLarge = SigningError(
        "RequestHeaderSectionTooLarge", status: 400,
        message: "Your request header section exceeds the maximum allowed size.",
        details: [Detail("MaxSizeAllowed", "8192")])
}
