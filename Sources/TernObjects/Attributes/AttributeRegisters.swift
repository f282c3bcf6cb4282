import FoundationEssentials
import TernCore
package import TernRecords
import TernReplication
import TernS3Protocol

/// The mutable attributes of a version are last-writer-wins registers, each with the stamp of its latest change
/// (spec rule L-77). A stamp of 0 is that of an attribute which was never set.
extension VersionRecord {
    /// The stamp of the attribute that was changed last.
    package var newestAttributeStamp: UInt64 {
        max(max(self.tagsStamp, self.aclStamp), max(self.retentionStamp, self.legalHoldStamp))
    }

    /// The stamp of what a task of this kind is about; 0 for the data.
    package func stamp(of kind: TaskRecord.Kind) -> UInt64 {
        if kind == .attributes { return self.newestAttributeStamp }
        return kind.component.attribute.map { self.stamp(of: $0) } ?? 0
    }

    /// Takes away what a task of this kind is not about, so that it leaves that alone: attributes without a stamp win
    /// over nothing, and a lock that is not brought needs no destination that can have one (F-04).
    mutating func keepAttribute(of kind: TaskRecord.Kind) {
        guard kind.isOfAttributes, kind != .attributes else { return }
        let component = kind.component
        if component != .tags { self.tagsStamp = 0 }
        if component != .acl {
            self.clearAcl()
            self.aclStamp = 0
        }
        if component != .retention {
            self.retention = nil
            self.retentionStamp = 0
        }
        if component != .legalHold {
            self.legalHold = .unset
            self.legalHoldStamp = 0
        }
    }

    mutating func setStamp(_ stamp: UInt64, of attribute: VersionChange.Attribute) {
        switch attribute {
        case .tags: self.tagsStamp = stamp
        case .acl: self.aclStamp = stamp
        case .retention: self.retentionStamp = stamp
        case .legalHold: self.legalHoldStamp = stamp
        }
    }

    /// Gives the attributes that a new version is created with the version's own stamp.
    mutating func stampAttributes(_ stamp: UInt64) {
        if !self.tags.isEmpty { self.tagsStamp = stamp }
        if self.hasAcl { self.aclStamp = stamp }
        if !self.retentionMode.isEmpty { self.retentionStamp = stamp }
        if self.legalHold != .unset { self.legalHoldStamp = stamp }
    }
}

/// A version with the newer attributes of another region's copy of it.
struct AttributeMerge {
    private(set) var record: VersionRecord
    private(set) var isChanged = false
    /// The other side's retention is newer, but protects less than ours, which stays (spec rule L-59).
    private(set) var isRetentionRefused = false

    /// - Parameters:
    ///   - theirs: The copy as it was sent.
    ///   - ours: The version that is here.
    ///   - takesACL: Whether the ACL follows the other side's (L-51, L-60).
    init(_ theirs: VersionRecord, into ours: VersionRecord, takesACL: Bool, at now: Timestamp) {
        self.record = ours
        if Self.wins(theirs.tagsStamp, ours.tagsStamp, tie: { Self.text(of: ours) < Self.text(of: theirs) }) {
            self.record.tags = theirs.tags
            self.record.tagsStamp = theirs.tagsStamp
            self.isChanged = true
        }
        if Self.wins(
            theirs.legalHoldStamp, ours.legalHoldStamp, tie: { theirs.legalHold.rawValue > ours.legalHold.rawValue })
        {
            self.record.legalHold = theirs.legalHold
            self.record.legalHoldStamp = theirs.legalHoldStamp
            self.isChanged = true
        }
        self.mergeRetention(of: theirs, at: now)
        if takesACL,
            Self.wins(
                theirs.aclStamp, ours.aclStamp, tie: { Self.text(ofACL: ours) < Self.text(ofACL: theirs) })
        {
            if theirs.hasAcl { self.record.acl = theirs.acl } else { self.record.clearAcl() }
            self.record.aclStamp = theirs.aclStamp
            self.isChanged = true
        }
    }

    private mutating func mergeRetention(of theirs: VersionRecord, at now: Timestamp) {
        let ours = self.record
        let isNewer = Self.wins(theirs.retentionStamp, ours.retentionStamp) {
            Retention.isWeakened(from: theirs.retention, to: ours.retention, at: now)
        }
        guard isNewer else { return }
        if Retention.isWeakened(from: ours.retention, to: theirs.retention, at: now) {
            self.isRetentionRefused = true
            return
        }
        self.record.retention = theirs.retention
        self.record.retentionStamp = theirs.retentionStamp
        self.isChanged = true
    }

    /// Whether a register wins over another: by its stamp. Two regions may give one stamp to two changes; then the
    /// values themselves decide, so that both come to the same end.
    private static func wins(_ new: UInt64, _ old: UInt64, tie: () -> Bool) -> Bool {
        if new == 0 { return false }
        return new == old ? tie() : new > old
    }

    /// Tags as text, the same for every order of the same tags. NUL cannot stand in a tag.
    private static func text(of record: VersionRecord) -> OrderedBytes {
        let texts = record.tags.map { Array($0.key.utf8) + [0] + Array($0.value.utf8) + [0] }
        return OrderedBytes(Array(texts.sorted { $0.lexicographicallyPrecedes($1) }.joined()))
    }

    private static func text(ofACL record: VersionRecord) -> OrderedBytes {
        guard record.hasAcl else { return OrderedBytes([]) }
        let texts = record.acl.grants.map { Array("\($0.canonicalID)\0\($0.group)\0\($0.permission)\0".utf8) }
        return OrderedBytes([1] + Array(texts.sorted { $0.lexicographicallyPrecedes($1) }.joined()))
    }

    private struct OrderedBytes {
        var bytes: [UInt8]

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
        }

        static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
    }
}
