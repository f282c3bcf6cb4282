import Synchronization
import TernCore
import TernRecords

/// When the operations under replication time were asked for, as far as their deadlines are not settled: the earliest of
/// each bucket. The deadlines themselves are rows in the buckets' partitions (`D`).
///
/// A bucket that no rule with replication time belongs to is not here at all.
package final class ReplicationDeadlines: Sendable {
    struct Earliest: Sendable {
        var bucket: String
        var requested: Timestamp
    }

    private let earliest = Mutex<[UInt64: Earliest]>([:])

    package init() {}

    /// Notes that an operation of a bucket has a deadline.
    func note(_ requested: Timestamp, in bucket: BucketState) {
        self.note(requested, bucket: bucket.name, id: bucket.record.bucketID)
    }

    func note(_ requested: Timestamp, bucket: String, id: UInt64) {
        self.earliest.withLock { earliest in
            if let known = earliest[id], known.requested <= requested { return }
            earliest[id] = Earliest(bucket: bucket, requested: requested)
        }
    }

    /// Takes the buckets out that may have operations that were asked for at this time or before. Whoever takes them
    /// notes what is left in them.
    func take(requestedBy time: Timestamp) -> [UInt64: Earliest] {
        self.earliest.withLock { earliest in
            if !earliest.contains(where: { $0.value.requested <= time }) { return [:] }
            let due = earliest.filter { $0.value.requested <= time }
            for id in due.keys { earliest.removeValue(forKey: id) }
            return due
        }
    }
}
