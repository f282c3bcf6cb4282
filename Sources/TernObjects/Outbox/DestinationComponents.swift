package import TernRecords
package import TernReplication

/// How a destination stands for one component of a version (spec §3.1).
package struct StoredComponent: Sendable, Hashable {
    package var status: DestinationState.Status
    /// Of an attribute: the stamp of the newest change that has a task.
    package var stamp: UInt64
    /// The `ReplicationFailureReason` of a component that is FAILED; else empty.
    package var failureReason: String

    package init(status: DestinationState.Status, stamp: UInt64 = 0, failureReason: String = "") {
        self.status = status
        self.stamp = stamp
        self.failureReason = failureReason
    }
}

extension DestinationState {
    package subscript(component: DestinationStatus.Component) -> StoredComponent {
        get {
            switch component {
            case .data: StoredComponent(status: self.data, failureReason: self.dataFailureReason)
            case .tags:
                StoredComponent(status: self.tags, stamp: self.tagsStamp, failureReason: self.tagsFailureReason)
            case .acl: self.hasAcl ? StoredComponent(self.acl) : StoredComponent(status: .none)
            case .retention: self.hasRetention ? StoredComponent(self.retention) : StoredComponent(status: .none)
            case .legalHold: self.hasLegalHold ? StoredComponent(self.legalHold) : StoredComponent(status: .none)
            }
        }
        set {
            switch component {
            case .data:
                self.data = newValue.status
                self.dataFailureReason = newValue.failureReason
            case .tags:
                self.tags = newValue.status
                self.tagsStamp = newValue.stamp
                self.tagsFailureReason = newValue.failureReason
            case .acl: self.acl = newValue.record
            case .retention: self.retention = newValue.record
            case .legalHold: self.legalHold = newValue.record
            }
        }
    }

    /// The states of all components; what was never admitted is `none`.
    package var componentStates: [ComponentState] {
        DestinationStatus.Component.allCases.map { self[$0].status.component }
    }

    package func contains(_ status: Status) -> Bool {
        self.data == status || self.tags == status || self.acl.status == status || self.retention.status == status
            || self.legalHold.status == status
    }
}

extension DestinationState.Status {
    package var component: ComponentState {
        switch self {
        case .pending: .pending
        case .completed: .completed
        case .failed: .failed
        case .none, .UNRECOGNIZED: .none
        }
    }
}

extension StoredComponent {
    fileprivate init(_ state: AttributeState) {
        self.init(status: state.status, stamp: state.stamp, failureReason: state.failureReason)
    }

    fileprivate var record: AttributeState {
        var record = AttributeState()
        record.status = self.status
        record.stamp = self.stamp
        record.failureReason = self.failureReason
        return record
    }
}

extension VersionRecord {
    /// `x-amz-replication-status`: the aggregate over destinations and components (spec rules T-02 to T-13), or `nil`.
    package var replicationStatus: ReplicationStatus? {
        if self.destinations.isEmpty { return self.isReplica ? .replica : nil }
        return ReplicationStatus.aggregate(self.destinations.flatMap(\.componentStates), isReplica: self.isReplica)
    }
}

extension DestinationStatus.Component {
    /// The attribute that it is; `nil` for the data.
    package var attribute: VersionChange.Attribute? {
        switch self {
        case .data: nil
        case .tags: .tags
        case .acl: .acl
        case .retention: .retention
        case .legalHold: .legalHold
        }
    }

    package init(_ attribute: VersionChange.Attribute) {
        switch attribute {
        case .tags: self = .tags
        case .acl: self = .acl
        case .retention: self = .retention
        case .legalHold: self = .legalHold
        }
    }
}

extension TaskRecord.Kind {
    package init(_ attribute: VersionChange.Attribute) {
        switch attribute {
        case .tags: self = .tags
        case .acl: self = .acl
        case .retention: self = .retention
        case .legalHold: self = .legalHold
        }
    }

    package init(_ kind: PlannedTask.Kind) {
        switch kind {
        case .object: self = .object
        case .deleteMarker: self = .deleteMarker
        case .tags: self = .tags
        case .acl: self = .acl
        case .retention: self = .retention
        case .legalHold: self = .legalHold
        }
    }

    /// What the planner calls it. Of the tasks about all attributes, that of earlier builds, the tags stand for all.
    package var planned: PlannedTask.Kind {
        switch self {
        case .object, .UNRECOGNIZED: .object
        case .deleteMarker: .deleteMarker
        case .tags, .attributes: .tags
        case .acl: .acl
        case .retention: .retention
        case .legalHold: .legalHold
        }
    }

    /// The component whose state its outcome is.
    package var component: DestinationStatus.Component { DestinationStatus.Component(self.planned) }

    /// Whether it changes a version that is there, rather than brings one.
    package var isOfAttributes: Bool { self.component != .data }
}
