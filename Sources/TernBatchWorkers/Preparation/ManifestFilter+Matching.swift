import TernCore
import TernObjects
import TernRecords
import TernReplication
import TernS3Protocol

extension ManifestFilter {
    /// Whether a version fulfils all criteria but eligibility (batch-replication §3.4).
    func admits(_ version: ListedVersion) -> Bool {
        let record = version.record
        let key = version.key.bytes
        if let prefix, !key.starts(with: prefix.utf8) { return false }
        if let suffix, !key.hasSuffix(Array(suffix.utf8)) { return false }
        if let substring, !key.contains(Array(substring.utf8)) { return false }
        // The time that clients see: a version is neither before nor after its own Last-Modified.
        let created = record.lastModifiedMs - record.lastModifiedMs % 1000
        if let createdAfter, created <= createdAfter.milliseconds { return false }
        if let createdBefore, created >= createdBefore.milliseconds { return false }
        if record.isDeleteMarker {
            // It has nothing of what these ask for.
            guard self.sizeGreaterThan == nil, self.sizeLessThan == nil, self.storageClasses == nil,
                self.encryption == nil
            else { return false }
        }
        if let sizeGreaterThan, record.byteCount <= sizeGreaterThan { return false }
        if let sizeLessThan, record.byteCount >= sizeLessThan { return false }
        if let storageClasses, !storageClasses.contains(record.storageClassValue) { return false }
        if let encryption, !encryption.admits(record) { return false }
        guard let statuses else { return true }
        guard let status = record.filterStatus else { return false }
        return statuses.contains(status)
    }
}

extension ManifestFilter.Encryption {
    fileprivate func admits(_ record: VersionRecord) -> Bool {
        let kind = record.hasEncryption ? record.encryption.kind : .none
        switch self {
        case .sseS3: return kind == .sseS3
        case .sseC: return kind == .sseC
        case .notEncrypted: return kind == .none
        case .sseKMS(let arn, let bucketKey):
            return kind == .sseKms && (arn.map { $0 == record.encryption.kmsKeyArn } ?? true)
                && (bucketKey.map { $0 == record.encryption.bucketKey } ?? true)
        case .dsseKMS(let arn):
            return kind == .dsseKms && (arn.map { $0 == record.encryption.kmsKeyArn } ?? true)
        }
    }
}

extension VersionRecord {
    /// `nil` for what is PENDING, which no filter names.
    fileprivate var filterStatus: ManifestFilter.ReplicationStatus? {
        switch ReplicationStatus.aggregate(self.destinations.flatMap(\.componentStates), isReplica: self.isReplica) {
        case nil: ManifestFilter.ReplicationStatus.none
        case .pending: nil
        case .completed: .completed
        case .failed: .failed
        case .replica: .replica
        }
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ suffix: [UInt8]) -> Bool {
        self.count >= suffix.count && self[(self.count - suffix.count)...].elementsEqual(suffix)
    }

    fileprivate func contains(_ part: [UInt8]) -> Bool {
        if part.isEmpty { return true }
        guard self.count >= part.count else { return false }
        for start in 0...(self.count - part.count) where self[start..<start + part.count].elementsEqual(part) {
            return true
        }
        return false
    }
}
