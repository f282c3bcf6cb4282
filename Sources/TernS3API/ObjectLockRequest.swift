import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension S3Call {
    /// Takes up the lock that the headers of a write ask for (spec rules LCK-5, LCK-6).
    func addObjectLock(to attributes: inout ObjectAttributes) async throws(S3Error) {
        guard let lock = try ObjectLockHeaders(self.headers, now: self.now) else { return }
        let bucket = try self.bucket()
        if bucket.objectLock == nil { throw .bucketWithoutObjectLock }
        let key = try self.key()
        if let retention = lock.retention {
            try await self.authorize(
                "s3:PutObjectRetention", bucket: bucket, key: key, context: retention.conditions(now: self.now))
        }
        if let hold = lock.legalHold {
            try await self.authorize(
                "s3:PutObjectLegalHold", bucket: bucket, key: key,
                context: ["s3:object-lock-legal-hold": [hold ? "ON" : "OFF"]])
        }
        attributes.retention = lock.retention
        attributes.legalHold = lock.legalHold
    }

    /// Whether the request may delete, or weaken the retention of, what is locked in governance mode: it has to ask for
    /// it, and its sender to be allowed (spec rules LCK-9, LCK-10).
    func bypassesGovernance(key: ObjectKey?) async throws(S3Error) -> Bool {
        guard let value = self.headers["x-amz-bypass-governance-retention"] else { return false }
        let bucket = try self.bucket()
        if bucket.objectLock == nil { throw .bypassWithoutObjectLock(value) }
        guard let key, value.lowercased() == "true" else { return false }
        do {
            try await self.authorize("s3:BypassGovernanceRetention", bucket: bucket, key: key)
            return true
        } catch {
            return false
        }
    }

    /// The lock headers of GET and HEAD, each where the caller may know it (spec rule LCK-12).
    func appendObjectLock(of record: VersionRecord, in bucket: BucketState, to headers: inout HeaderFields)
        async throws(S3Error)
    {
        let key = try self.key()
        if let retention = record.retention, await self.may("s3:GetObjectRetention", bucket: bucket, key: key) {
            headers.append(ObjectLockHeaders.mode, retention.mode.rawValue)
            headers.append(ObjectLockHeaders.retainUntil, retention.until.iso8601)
        }
        if record.legalHold != .unset, await self.may("s3:GetObjectLegalHold", bucket: bucket, key: key) {
            headers.append(ObjectLockHeaders.hold, record.legalHold == .on ? "ON" : "OFF")
        }
    }
}

extension BucketState {
    /// Whether a version that is written now will be locked, so that its bytes need a digest: by what the request asks
    /// for, or by the bucket's default (spec rule LCK-15).
    ///
    /// Source: Amazon S3 API Reference, PutObject, `Content-MD5`: it is required for any object with a retention that is
    /// configured by Object Lock.
    func locks(_ attributes: ObjectAttributes) -> Bool {
        attributes.retention != nil || attributes.legalHold != nil || self.objectLock?.defaultRetention != nil
    }

    /// As ``locks(_:)-(ObjectAttributes)``, of an upload, whose locks were asked for when it began.
    ///
    /// Source: Amazon S3 API Reference, UploadPart, `Content-MD5`.
    func locks(_ template: VersionRecord) -> Bool {
        template.retention != nil || template.legalHold != .unset || self.objectLock?.defaultRetention != nil
    }
}
