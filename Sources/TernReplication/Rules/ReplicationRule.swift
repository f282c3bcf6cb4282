/// One rule of a replication configuration.
///
/// Elements that the document left out are `nil`, so that a GET returns exactly what was stored (spec rule C-14).
///
/// Source: Amazon S3 API Reference, ReplicationRule.
package struct ReplicationRule: Hashable, Sendable {
    /// Up to 255 ASCII characters, unique in the configuration.
    package var id: String
    /// Decides between rules of the same destination: the highest wins (C-52). `nil` in V1.
    package var priority: Int?
    package var isEnabled: Bool
    /// The rule-level prefix of V1; `nil` in V2.
    package var prefix: String?
    /// `nil` in V1.
    package var filter: RuleFilter?
    /// Whether delete markers replicate. `nil` in V1, where they always do (L-30).
    package var deleteMarkerReplication: Bool?
    package var sourceSelectionCriteria: SourceSelectionCriteria?
    package var destination: Destination

    package init(
        id: String,
        priority: Int? = nil,
        isEnabled: Bool = true,
        prefix: String? = nil,
        filter: RuleFilter? = nil,
        deleteMarkerReplication: Bool? = nil,
        sourceSelectionCriteria: SourceSelectionCriteria? = nil,
        destination: Destination
    ) {
        self.id = id
        self.priority = priority
        self.isEnabled = isEnabled
        self.prefix = prefix
        self.filter = filter
        self.deleteMarkerReplication = deleteMarkerReplication
        self.sourceSelectionCriteria = sourceSelectionCriteria
        self.destination = destination
    }

    /// Whether the rule is of the first schema version: no `Filter` (C-20).
    package var isV1: Bool { self.filter == nil }

    /// What the rule selects, whichever the dialect: V1's rule-level prefix is a prefix filter.
    package var effectiveFilter: RuleFilter { self.filter ?? .prefix(self.prefix ?? "") }

    /// Whether delete markers of clients replicate under this rule (L-30).
    package var replicatesDeleteMarkers: Bool { self.isV1 || self.deleteMarkerReplication == true }

    package var hasReplicationTimeControl: Bool { self.destination.replicationTime?.isEnabled == true }

    /// Whether operations of the rule are counted and reported (M-06, R-16); replication time implies it.
    package var hasMetrics: Bool { self.destination.metrics?.isEnabled == true || self.hasReplicationTimeControl }
}
