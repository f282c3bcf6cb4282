import TernRecords

/// The mutable attributes of a version: registers with a stamp each.
enum AttributeName: String, Sendable, Hashable, CaseIterable {
    case tags
    case acl
    case retention
    case legalHold

    func stamp(_ record: VersionRecord) -> UInt64 {
        switch self {
        case .tags: record.tagsStamp
        case .acl: record.aclStamp
        case .retention: record.retentionStamp
        case .legalHold: record.legalHoldStamp
        }
    }

    func stamp(_ stamps: Stamps) -> UInt64 {
        switch self {
        case .tags: stamps.tags
        case .acl: stamps.acl
        case .retention: stamps.retention
        case .legalHold: stamps.legalHold
        }
    }

    /// The value as a text, alike in all copies.
    func value(_ record: VersionRecord) -> String {
        switch self {
        case .tags: record.tags.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: "&")
        case .acl:
            record.hasAcl
                ? record.acl.grants.map { "\($0.canonicalID)\($0.group):\($0.permission)" }.joined(separator: "&")
                : "none"
        case .retention: "\(record.retentionMode) \(record.retainUntilMs)"
        case .legalHold: "\(record.legalHold)"
        }
    }
}

/// The stamps of all attributes at one moment.
struct Stamps: Sendable, Hashable {
    var tags: UInt64
    var acl: UInt64
    var retention: UInt64
    var legalHold: UInt64

    init(_ record: VersionRecord) {
        self.tags = record.tagsStamp
        self.acl = record.aclStamp
        self.retention = record.retentionStamp
        self.legalHold = record.legalHoldStamp
    }
}

extension Stamps {
    /// Those of what a task is about: of everything, or of one attribute.
    init(_ record: VersionRecord, of task: TaskRecord) {
        self.init(record)
        guard let attribute = task.attribute else { return }
        if attribute != .tags { self.tags = 0 }
        if attribute != .acl { self.acl = 0 }
        if attribute != .retention { self.retention = 0 }
        if attribute != .legalHold { self.legalHold = 0 }
    }
}

/// The components of a destination's state: the data, and each attribute.
extension DestinationState {
    /// - Parameter attribute: `nil` for the data.
    func status(of attribute: AttributeName?) -> Status {
        switch attribute {
        case nil: self.data
        case .tags: self.tags
        case .acl: self.acl.status
        case .retention: self.retention.status
        case .legalHold: self.legalHold.status
        }
    }

    var allStates: [Status] { [self.data] + AttributeName.allCases.map { self.status(of: $0) } }
}

extension TaskRecord {
    /// `nil` for the data.
    var attribute: AttributeName? {
        switch self.kind {
        case .tags: .tags
        case .acl: .acl
        case .retention: .retention
        case .legalHold: .legalHold
        default: nil
        }
    }

    var isOfData: Bool { self.kind == .object || self.kind == .deleteMarker }
}
