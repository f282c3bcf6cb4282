package import TernCore
package import TernRecords
package import TernReplication
package import TernS3Protocol

/// What of a version did not get to a destination, and why.
package struct FailedDelivery: Sendable {
    package var bucket: String
    package var key: ObjectKey
    package var reference: VersionReference
    package var isDeleteMarker: Bool
    package var destinationBucket: String
    package var ruleID: String
    package var component: DestinationStatus.Component
    package var reason: String
    /// `nil` where the record is older than such times.
    package var since: Timestamp?
}

/// Where a walk over the versions of all buckets is: behind this version.
package struct FailurePlace: Sendable, Hashable {
    package var bucket: String
    package var key: ObjectKey
    package var version: VersionID

    package init(bucket: String, key: ObjectKey, version: VersionID) {
        self.bucket = bucket
        self.key = key
        self.version = version
    }
}

/// A stretch of that walk.
package struct FailurePage: Sendable {
    package var deliveries: [FailedDelivery] = []
    /// How many versions were looked at.
    package var examined = 0
    /// Where to go on; `nil` at the end.
    package var next: FailurePlace?
}

extension ObjectService {
    private static let failureRowsAtOnce = 250

    /// What replication gave up in this region's buckets, in the order of their names and keys, from the versions
    /// themselves: no index to keep, and nothing that could tell otherwise than they do.
    ///
    /// - Parameters:
    ///   - name: The bucket; all, where it is `nil`.
    ///   - reason: All, where it is `nil`.
    ///   - limit: With the version that reaches it the page ends.
    ///   - budget: With so many versions looked at it ends, too.
    package func failedDeliveries(
        in name: String?, reason: String?, after place: FailurePlace?, limit: Int, budget: Int
    ) async throws(S3Error) -> FailurePage {
        var page = FailurePage()
        let buckets = try await self.registry.all().filter { bucket in
            if let name, bucket.name != name { return false }
            return place.map { bucket.name >= $0.bucket } ?? true
        }
        for bucket in buckets.sorted(by: { $0.name < $1.name }) {
            var start = VersionListStart.beginning
            if let place, place.bucket == bucket.name { start = .afterIdentity(key: place.key, place.version) }
            var query = ListQuery()
            query.limit = Self.failureRowsAtOnce
            while true {
                let rows = try await self.listVersions(query, from: start, in: bucket)
                for case .item(let version) in rows.entries {
                    page.examined += 1
                    start = .afterIdentity(key: version.key, version.record.versionID)
                    page.deliveries += Self.failures(of: version, in: bucket).filter {
                        reason == nil || $0.reason == reason
                    }
                    if page.deliveries.count >= limit || page.examined >= budget {
                        page.next = FailurePlace(
                            bucket: bucket.name, key: version.key, version: version.record.versionID)
                        return page
                    }
                }
                if !rows.isTruncated { break }
            }
        }
        return page
    }

    private static func failures(of version: ListedVersion, in bucket: BucketState) -> [FailedDelivery] {
        version.record.destinations.flatMap { state in
            state.failures.map { failure in
                FailedDelivery(
                    bucket: bucket.name, key: version.key, reference: version.record.reference,
                    isDeleteMarker: version.record.isDeleteMarker, destinationBucket: state.destinationBucket,
                    ruleID: state.ruleID, component: failure.component, reason: failure.reason,
                    since: state.failedMs == 0 ? nil : Timestamp(milliseconds: state.failedMs))
            }
        }
    }
}

extension DestinationState {
    /// What FAILED, and why. Records from before each component had a reason of its own have one for all.
    package var failures: [(component: DestinationStatus.Component, reason: String)] {
        DestinationStatus.Component.allCases.compactMap { component in
            let state = self[component]
            if state.status != .failed { return nil }
            return (component, state.failureReason.isEmpty ? self.failureReason : state.failureReason)
        }
    }
}

extension DestinationStatus.Component {
    /// What operators read.
    package var word: String {
        switch self {
        case .data: "data"
        case .tags: "tags"
        case .acl: "acl"
        case .retention: "retention"
        case .legalHold: "legalHold"
        }
    }
}
