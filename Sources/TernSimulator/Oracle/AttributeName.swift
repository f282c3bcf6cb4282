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
        case .tags: record.tags.map { "\($0.key)=\($0.value)" }.joined(separator: "&")
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

/// Whatever components a destination's state has besides the data.
extension DestinationState {
    var attributeStates: [Status] {
        [self.tags, self.acl.status, self.retention.status, self.legalHold.status]
    }
    var allStates: [Status] { [self.data] + self.attributeStates }
}

extension TaskRecord {
    var isOfData: Bool { self.kind == .object || self.kind == .deleteMarker }
}
