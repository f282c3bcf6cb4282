import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension S3Call {
    /// The object version that a read names, or the error for a missing one or a delete marker (spec rules VER-10,
    /// VER-12).
    func readableVersion() async throws(S3Error) -> StoredVersion {
        let key = try self.key()
        let bucket = try self.bucket()
        let reference = try self.versionReference()
        guard let version = try await self.service.find(reference, of: key, in: bucket) else {
            try await self.checkMayKnowOfAbsence(in: bucket)
            if let reference { throw .noSuchVersion(key, versionID: reference.wireForm) }
            throw .noSuchKey(key)
        }
        guard version.record.isDeleteMarker else { return version }
        if reference == nil { try await self.checkMayKnowOfAbsence(in: bucket) }
        let markerID = version.record.reference.wireForm
        if reference == nil { throw .noSuchKey(key, deleteMarkerVersionID: markerID) }
        throw .methodNotAllowedOnDeleteMarker(
            self.head.method, versionID: markerID, lastModified: version.record.lastModified)
    }
}

extension S3Call {
    /// The version whose tags, retention, legal hold or ACL a request is about. A delete marker is 405 even as the
    /// latest version (spec rules VER-12, LCK-7).
    func attributedVersion() async throws(S3Error) -> StoredVersion {
        let key = try self.key()
        let reference = try self.versionReference()
        let bucket = try self.bucket()
        guard let version = try await self.service.find(reference, of: key, in: bucket) else {
            try await self.checkMayKnowOfAbsence(in: bucket)
            if let reference { throw .noSuchVersion(key, versionID: reference.wireForm) }
            throw .noSuchKey(key)
        }
        if version.record.isDeleteMarker { throw self.markerError(version) }
        return version
    }

    /// That there is no such key is told to those who may list the bucket; others are denied (EVL-5).
    func checkMayKnowOfAbsence(in bucket: BucketState) async throws(S3Error) {
        try await self.authorize("s3:ListBucket", bucket: bucket, key: nil)
    }

    func markerError(_ version: StoredVersion) -> S3Error {
        .methodNotAllowedOnDeleteMarker(
            self.head.method, versionID: version.record.reference.wireForm, lastModified: version.record.lastModified)
    }
}
