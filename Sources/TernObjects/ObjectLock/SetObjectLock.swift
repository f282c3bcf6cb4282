package import TernCore
import TernRecords
import TernReplication
package import TernS3Protocol

extension ObjectService {
    /// PutObjectLockConfiguration. Once there, the configuration only changes its default retention (spec rule LCK-1).
    package func setObjectLock(_ configuration: ObjectLockConfiguration, of bucketName: String) async throws(S3Error) {
        try await self.setDocument(.objectLock, configuration.encode(), of: bucketName) { record throws(S3Error) in
            guard record.versioning == .enabled else { throw .objectLockNeedsVersioning }
        }
    }

    /// Sets, changes or, with `nil`, removes the retention of a version.
    ///
    /// Source: Amazon S3 API Reference, PutObjectRetention; spec rules LCK-5, LCK-6, LCK-9.
    package func setRetention(
        _ retention: Retention?,
        of reference: VersionReference?,
        key: ObjectKey,
        in bucketName: String,
        bypassesGovernance: Bool
    ) async throws(S3Error) -> StoredVersion {
        let now = self.clock.now
        return try await self.changeAttribute(
            .retention, of: reference, key: key, in: bucketName
        ) { record, bucket throws(S3Error) in
            if bucket.objectLock == nil { throw .bucketWithoutObjectLock }
            if let retention, !retention.isInForce(at: now) { throw .retainUntilDateInThePast(retention.until) }
            guard
                Retention.isChangeAllowed(
                    from: record.retention, to: retention, at: now, bypassesGovernance: bypassesGovernance)
            else { throw .protectedByObjectLock }
            record.retention = retention
        }
    }

    /// Source: Amazon S3 API Reference, PutObjectLegalHold; spec rule LCK-6.
    package func setLegalHold(
        _ isOn: Bool,
        of reference: VersionReference?,
        key: ObjectKey,
        in bucketName: String
    ) async throws(S3Error) -> StoredVersion {
        try await self.changeAttribute(
            .legalHold, of: reference, key: key, in: bucketName
        ) { record, bucket throws(S3Error) in
            if bucket.objectLock == nil { throw .bucketWithoutObjectLock }
            record.legalHold = isOn ? .on : .off
        }
    }
}
