package import TernCore
import TernObjects
package import TernRecords
import TernReplication
package import TernS3Protocol

/// A version or delete marker, with what its row needs beside its record.
package struct InventoryItem: Sendable {
    package var key: ObjectKey
    package var record: VersionRecord
    package var isLatest: Bool
    /// The canonical ID of its owner.
    package var owner: String
    package var list: AccessControlList
    /// When lifecycle will expire it.
    package var expiration: Timestamp?

    package init(
        key: ObjectKey, record: VersionRecord, isLatest: Bool, owner: String, list: AccessControlList,
        expiration: Timestamp?
    ) {
        self.key = key
        self.record = record
        self.isLatest = isLatest
        self.owner = owner
        self.list = list
        self.expiration = expiration
    }

    /// The text of an optional column; empty where the version has nothing of it.
    package func value(of field: InventoryField) -> String {
        if self.record.isDeleteMarker {
            return switch field {
            case .lastModifiedDate: self.record.lastModified.iso8601
            case .isMultipartUploaded: "false"
            case .replicationStatus: self.record.replicationStatus?.rawValue ?? ""
            case .objectOwner: self.owner
            default: ""
            }
        }
        return switch field {
        case .size: "\(self.record.byteCount)"
        case .lastModifiedDate: self.record.lastModified.iso8601
        case .eTag: self.record.etag
        case .storageClass: self.record.storageClassValue.rawValue
        case .isMultipartUploaded: self.record.etagPartCount > 0 ? "true" : "false"
        case .replicationStatus: self.record.replicationStatus?.rawValue ?? ""
        case .encryptionStatus: self.encryptionStatus
        case .objectLockRetainUntilDate: self.record.retention?.until.iso8601 ?? ""
        case .objectLockMode: self.record.retention?.mode.rawValue ?? ""
        case .objectLockLegalHoldStatus: self.legalHoldStatus
        // There are no archive tiers, and nobody records when objects are read.
        case .intelligentTieringAccessTier:
            self.record.storageClassValue == .intelligentTiering ? "FREQUENT" : ""
        case .bucketKeyStatus: self.record.encryption.bucketKey ? "ENABLED" : "DISABLED"
        case .checksumAlgorithm: self.record.checksum.checksum?.algorithm.rawValue ?? ""
        case .objectAccessControlList: Self.text(of: self.list)
        case .objectOwner: self.owner
        // What failed to replicate is never removed (T-18).
        case .lifecycleExpirationDate:
            self.record.replicationStatus == .failed ? "" : self.expiration?.iso8601 ?? ""
        }
    }

    private var encryptionStatus: String {
        switch self.record.encryption.kind {
        case .none: "NOT-SSE"
        case .sseS3: "SSE-S3"
        case .sseKms: "SSE-KMS"
        case .dsseKms: "DSSE-KMS"
        case .sseC: "SSE-C"
        case .UNRECOGNIZED: ""
        }
    }

    private var legalHoldStatus: String {
        switch self.record.legalHold {
        case .on: "On"
        case .off: "Off"
        case .unset, .UNRECOGNIZED: ""
        }
    }

    /// Base64 of a JSON document.
    ///
    /// Source: Amazon S3 User Guide, "Object access control list in inventory reports".
    private static func text(of list: AccessControlList) -> String {
        var json = JSONWriter()
        json.openObject()
        json.member("version", "2022-11-10")
        json.member("status", "AVAILABLE")
        json.name("grants")
        json.openArray()
        for grant in list.grants {
            json.openObject()
            switch grant.grantee {
            case .account(let id):
                json.member("canonicalId", id)
                json.member("type", "CanonicalUser")
            case .group(let group):
                json.member("uri", group.rawValue)
                json.member("type", "Group")
            }
            json.member("permission", grant.permission.rawValue)
            json.closeObject()
        }
        json.closeArray()
        json.closeObject()
        return Base64.encode(json.bytes)
    }
}
