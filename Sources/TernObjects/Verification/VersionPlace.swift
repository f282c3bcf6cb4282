import FoundationEssentials
package import TernCore
package import TernRecords
import TernS3Protocol

/// A place in the order of a bucket's versions: by key, and the newest first under each key.
package struct VersionPlace: Hashable, Sendable, Comparable {
    package var key: ObjectKey
    package var version: VersionID

    package init(key: ObjectKey, version: VersionID) {
        self.key = key
        self.version = version
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.key == right.key ? left.version > right.version : left.key < right.key
    }
}

extension VersionPlace {
    /// Throws what a peer is told that sent bytes which cannot be a key.
    init(_ record: PlaceRecord) throws(S3Error) {
        guard let key = try? ObjectKey(Array(record.key)) else {
            throw .invalidArgument("A place has a key that cannot be one.")
        }
        self.init(key: key, version: record.version.versionID)
    }

    package var record: PlaceRecord {
        var record = PlaceRecord()
        record.key = .init(self.key.bytes)
        record.version = VersionIdentity(self.version)
        return record
    }
}

extension PlaceRecord {
    /// For records that this region wrote itself.
    package var place: VersionPlace {
        VersionPlace(key: ObjectKey(trusted: Array(self.key)), version: self.version.versionID)
    }
}

/// Versions behind one place, up to another, which belongs to them. `nil` is no bound.
package struct VersionRange: Hashable, Sendable {
    package var after: VersionPlace?
    package var through: VersionPlace?

    package init(after: VersionPlace? = nil, through: VersionPlace? = nil) {
        self.after = after
        self.through = through
    }

    func ends(before place: VersionPlace) -> Bool {
        guard let through else { return false }
        return through < place
    }
}
