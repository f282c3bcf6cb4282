import TernRecords

/// Invariant 9: what is written to a destination was allowed there, and shortly before.
extension Book {
    /// How old the answer of the authorizer may be, in milliseconds: a slow disk lies between it and the commit.
    private static var longestDelay: Int64 { 120_000 }

    mutating func checkPermission(_ event: CommitEvent) {
        guard event.doer == .server, let book = self.buckets[event.bucket] else { return }
        for copy in event.created {
            guard let origin = self.origins[copy.id].flatMap({ self.buckets[$0.bucket] }) else { continue }
            let grant = SimulatedAccess.Grant(
                role: "replication-of-\(origin.name)",
                action: copy.record.isDeleteMarker ? "s3:ReplicateDelete" : "s3:ReplicateObject", bucket: book.name)
            guard let time = self.access.lastAllowed(grant), time >= self.now - Self.longestDelay else {
                self.report(.permission, "\(copy.id) came into \(book.name), and nobody had asked whether it may")
                continue
            }
        }
    }
}
