package import TernCore

/// Replication of a bucket that the operator lets rest, like AWS FIS with `s3:PauseReplication` (A-46, I-11): versions
/// stay PENDING, and are delivered when it ends.
package struct ReplicationPause: Sendable, Hashable {
    package struct ID: Sendable, Hashable {
        package var sourceBucketID: UInt64
        /// Empty for all rules.
        package var ruleID: String
        /// Empty for all destinations.
        package var destinationBucket: String

        package init(sourceBucketID: UInt64, ruleID: String = "", destinationBucket: String = "") {
            self.sourceBucketID = sourceBucketID
            self.ruleID = ruleID
            self.destinationBucket = destinationBucket
        }
    }

    package var id: ID
    package var sourceBucket: String
    package var since: Timestamp
    /// When it ends by itself; `nil` for never.
    package var until: Timestamp?

    package init(id: ID, sourceBucket: String, since: Timestamp, until: Timestamp? = nil) {
        self.id = id
        self.sourceBucket = sourceBucket
        self.since = since
        self.until = until
    }

    package func isOver(at now: Timestamp) -> Bool { self.until.map { $0 <= now } ?? false }
}

/// What of a lane rests.
package struct LanePause: Sendable, Hashable {
    package var isWhole = false
    /// Rules whose tasks are left where they are.
    package var rules: Set<String> = []
    /// When some of it ends by itself; `nil` for never.
    package var next: Timestamp?

    package init() {}

    package static let none = LanePause()

    package mutating func add(_ pause: ReplicationPause) {
        if pause.id.ruleID.isEmpty { self.isWhole = true } else { self.rules.insert(pause.id.ruleID) }
        if let until = pause.until { self.next = min(self.next ?? until, until) }
    }
}

/// What a bandwidth limit is of.
package enum FlowDestination: Sendable, Hashable {
    /// What goes into the bucket, from whichever bucket.
    case bucket(String)
    /// What goes to the region, into whichever bucket.
    case region(String)
}
