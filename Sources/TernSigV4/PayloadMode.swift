import TernCore

/// What `x-amz-content-sha256` says about the body (spec rules SIG-9 and §2.5).
package enum PayloadMode: Hashable, Sendable {
    /// The body's SHA-256, 32 raw bytes; whoever reads the body compares it (SIG-10).
    case sha256([UInt8])
    case unsigned
    /// `aws-chunked`, each chunk signed; with `trailer`, a signed trailer follows; `asymmetric` is version 4A (SIG-53).
    case streamingSigned(trailer: Bool, asymmetric: Bool = false)
    /// `aws-chunked`, chunks not signed, a trailing checksum possible.
    case streamingUnsignedTrailer

    /// Reads the value of `x-amz-content-sha256`; `nil` for one that is not allowed.
    package init?(_ text: String) {
        switch text {
        case "UNSIGNED-PAYLOAD": self = .unsigned
        case "STREAMING-UNSIGNED-PAYLOAD-TRAILER": self = .streamingUnsignedTrailer
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": self = .streamingSigned(trailer: false)
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": self = .streamingSigned(trailer: true)
        case "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD": self = .streamingSigned(trailer: false, asymmetric: true)
        case "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER":
            self = .streamingSigned(trailer: true, asymmetric: true)
        default:
            guard let digest = text.sha256Digest else { return nil }
            self = .sha256(digest)
        }
    }

    /// Whether the body is framed as `aws-chunked`, to be read by a ``ChunkedDecoder``.
    package var isStreaming: Bool {
        switch self {
        case .streamingSigned, .streamingUnsignedTrailer: true
        case .sha256, .unsigned: false
        }
    }

    /// Whether the chunks are signed and nothing follows the last.
    var isWithoutTrailer: Bool {
        if case .streamingSigned(trailer: false, _) = self { true } else { false }
    }

    /// Whether the chunks are signed, and in which version: `nil` where they are not.
    var chunksAreAsymmetric: Bool? {
        if case .streamingSigned(_, let asymmetric) = self { asymmetric } else { nil }
    }

    /// The value of `x-amz-content-sha256`.
    package var headerValue: String {
        switch self {
        case .sha256(let digest): digest.lowercaseHex
        case .unsigned: "UNSIGNED-PAYLOAD"
        case .streamingSigned(let trailer, let asymmetric):
            (asymmetric ? "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD" : "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
                + (trailer ? "-TRAILER" : "")
        case .streamingUnsignedTrailer: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        }
    }
}
