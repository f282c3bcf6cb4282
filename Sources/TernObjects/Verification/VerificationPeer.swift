package import TernCore
package import TernRecords

/// An answer to a ``VerificationQuery``, and what it cost.
package struct VerificationReply: Sendable {
    package var answer: VerificationAnswer
    /// Bytes of question and answer, without the heads of the requests; 0 within a region.
    package var wireBytes: Int

    package init(answer: VerificationAnswer, wireBytes: Int) {
        self.answer = answer
        self.wireBytes = wireBytes
    }
}

/// Asks the region of a destination bucket about its replicas.
package protocol VerificationPeer: Sendable {
    func ask(_ query: VerificationQuery, of region: RegionName) async throws(TransportError) -> VerificationReply
}

/// Why a comparison cannot go on; it may be begun anew, or go on from its position.
package struct VerificationError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The source bucket is gone.
        case sourceGone
        /// The destination bucket does not exist: everything is missing there.
        case destinationGone
        /// The destination's region cannot be asked.
        case peer
        /// This region's own storage.
        case storage
        case cancelled
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }
}
