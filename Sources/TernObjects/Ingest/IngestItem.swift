package import NIOCore
package import TernRecords

/// A small replica, delete marker or change of attributes, with all its bytes.
package struct IngestItem: Sendable {
    package var replica: ReplicaRecord
    /// Empty for delete markers and attributes.
    package var body: ByteBuffer

    package init(replica: ReplicaRecord, body: ByteBuffer = ByteBuffer()) {
        self.replica = replica
        self.body = body
    }

    /// The largest body that travels with others; larger ones go through a session.
    package static let maximumBodyBytes = 256 * 1024
}

extension IngestResult {
    package static let done: IngestResult = {
        var result = IngestResult()
        result.code = .done
        return result
    }()

    /// The same answer, which says when the replica came without its tags, and why (T-15).
    func noting(_ replica: ReplicaRecord) -> IngestResult {
        guard self.code == .done, !replica.tagsReason.isEmpty else { return self }
        var noted = self
        noted.tagsReason = replica.tagsReason
        return noted
    }

    /// Final: `reason` is the raw value of a `ReplicationFailureReason`.
    package static func refused(_ reason: String, _ message: String = "") -> IngestResult {
        var result = IngestResult()
        result.code = .refused
        result.reason = reason
        result.message = message
        return result
    }

    package static func retry(_ message: String) -> IngestResult {
        var result = IngestResult()
        result.code = .retry
        result.message = message
        return result
    }
}
