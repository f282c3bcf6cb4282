package import TernCore

/// Hands requests for buckets of other regions on to them (spec rule RGN-5).
package protocol RequestForwarder: Sendable {
    /// Sends a request to another region as the client made it, and returns that region's answer as it is.
    ///
    /// Both bodies stream at the pace of their readers. The request carries ``ForwardedRequest/markerHeader``.
    func forward(
        _ head: HTTPRequestHead, body: any HTTPRequestBody, to region: RegionName
    ) async throws(ForwardingError) -> HTTPAnswer
}

/// Why a forwarded request has no answer.
package enum ForwardingError: Error, Sendable, Hashable {
    /// Nothing came back from the region; the text, for people, says why.
    case noAnswer(String)
    /// The client's body broke off.
    case brokenBody(HTTPBodyError)
}

/// What marks a request that a region received from another one on a client's behalf.
package enum ForwardedRequest {
    /// Holds the name of the forwarding region. A request that has it is never forwarded, whoever wrote it.
    ///
    /// It needs no signature: a region adds it to whatever it forwards, so no client can keep it off, and a client that
    /// writes it only gets the redirect that it would get without forwarding. Signatures of S3 do not cover it, since
    /// its name does not begin with `x-amz-`.
    package static let markerHeader = "x-tern-forwarded-by"
}
