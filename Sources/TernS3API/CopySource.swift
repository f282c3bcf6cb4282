import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

/// The source of CopyObject and UploadPartCopy, found, authorized and checked against its conditions.
struct CopySource: Sendable {
    var bucket: BucketState
    var version: StoredVersion

    /// The largest source of one copy request, in bytes.
    static let maximumByteCount: Int64 = 5_368_709_120
}

extension S3Call {
    /// Finds what `x-amz-copy-source` names (spec rules CPY-1 to CPY-3, CND-7).
    func copySource() async throws(S3Error) -> CopySource {
        guard let header = self.headers["x-amz-copy-source"] else { throw .copySourceKeyInvalid }
        let source = try CopySourceHeader(decoding: header)
        let bucket: BucketState
        switch try await self.service.registry.locate(source.bucket.description) {
        case .here(let state):
            bucket = state
        case .elsewhere(let record):
            throw S3Error(
                code: "NotImplemented", status: 501,
                message:
                    "The source bucket is in the region \(record.region). Copies between regions are not implemented; "
                    + "download and upload the object, or replicate the bucket.")
        }
        if let expected = self.headers["x-amz-source-expected-bucket-owner"], expected != bucket.owner.description {
            guard AccountID(expected) != nil else { throw .invalidBucketOwner(expected) }
            throw .accessDenied()
        }
        let reference: VersionReference?
        if let text = source.versionID { reference = try Self.parseVersion(text, in: bucket) } else { reference = nil }
        try await self.authorize(
            reference == nil ? "s3:GetObject" : "s3:GetObjectVersion", bucket: bucket, key: source.key)
        guard let version = try await self.service.find(reference, of: source.key, in: bucket) else {
            if let reference { throw .noSuchVersion(source.key, versionID: reference.wireForm) }
            throw .noSuchKey(source.key)
        }
        if version.record.isDeleteMarker {
            if reference != nil { throw .copySourceIsDeleteMarker }
            throw .noSuchKey(source.key)
        }
        try CopySourceConditions(self.headers).evaluate(
            etag: version.record.etag, lastModified: version.record.lastModified, now: self.now)
        if version.record.storageClassValue.isArchive {
            throw .invalidObjectState(storageClass: version.record.storageClass)
        }
        return CopySource(bucket: bucket, version: version)
    }
}
