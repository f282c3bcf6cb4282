import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

/// The source of CopyObject and UploadPartCopy, found, authorized and checked against its conditions.
struct CopySource: Sendable {
    var bucket: BucketState
    var version: StoredVersion
    /// The wanted bytes, on their way from another region; `nil` for a source of this region.
    var remoteBody: (any HTTPBodySource)?

    /// The largest source of one copy request, in bytes.
    static let maximumByteCount: Int64 = 5_368_709_120
}

extension S3Call {
    /// Finds what `x-amz-copy-source` names, wherever in the federation it is (spec rules CPY-1 to CPY-3, CND-7).
    ///
    /// - Parameters:
    ///   - range: The bytes that are wanted of a source in another region; `nil` for all.
    ///   - tags: Whether its tags are copied, which needs a permission of its own.
    func copySource(range: Range<Int64>? = nil, tags: Bool = false) async throws(S3Error) -> CopySource {
        guard let header = self.headers["x-amz-copy-source"] else { throw .copySourceKeyInvalid }
        let source = try CopySourceHeader(decoding: header)
        // An access point is what the copy is written through (MRP-13); its source is read from the bucket itself.
        var reader = self
        reader.accessPoint = nil
        let found: CopySource
        switch try await self.service.registry.locate(source.bucket.description) {
        case .here(let bucket): found = try await reader.localSource(source, in: bucket, tags: tags)
        case .elsewhere(let record): found = try await reader.remoteSource(source, in: record, range: range, tags: tags)
        }
        try CopySourceConditions(self.headers).evaluate(
            etag: found.version.record.etag, lastModified: found.version.record.lastModified, now: self.now)
        if !found.version.record.isReadable(at: self.now) {
            throw .invalidObjectState(storageClass: found.version.record.storageClass)
        }
        return found
    }

    private func localSource(
        _ source: CopySourceHeader, in bucket: BucketState, tags: Bool
    ) async throws(S3Error) -> CopySource {
        try self.checkSourceOwner(bucket.owner)
        let reference: VersionReference?
        if let text = source.versionID { reference = try Self.parseVersion(text, in: bucket) } else { reference = nil }
        try await self.authorize(
            reference == nil ? "s3:GetObject" : "s3:GetObjectVersion", bucket: bucket, key: source.key,
            version: NamedVersion(reference))
        let version = try await self.service.find(reference, of: source.key, in: bucket)
        if version == nil { try await self.checkMayKnowOfAbsence(in: bucket) }
        if tags, let version, !version.record.tags.isEmpty {
            try await self.authorize(
                reference == nil ? "s3:GetObjectTagging" : "s3:GetObjectVersionTagging", bucket: bucket,
                key: source.key, version: NamedVersion(reference))
        }
        return CopySource(bucket: bucket, version: try Self.readable(version, reference, of: source.key))
    }

    /// A source in another region, which authorizes the caller's account by itself.
    private func remoteSource(
        _ source: CopySourceHeader, in directory: DirectoryRecord, range: Range<Int64>?,
        tags: Bool
    ) async throws(S3Error) -> CopySource {
        try self.checkSourceOwner(AccountID(trusted: directory.owner))
        var reference: VersionReference?
        if let text = source.versionID {
            guard let parsed = VersionReference(wireForm: text) else { throw .invalidVersionID(text) }
            reference = parsed
        }
        let request = RemoteSourceRequest(
            bucket: directory.name, key: source.key, version: reference, range: range,
            principal: self.principal, context: self.conditions.common(), copiesTags: tags)
        let remote = try await self.remoteSources.open(request, in: RegionName(trusted: directory.region))
        let bucket = try BucketState(record: remote.bucket, replication: nil)
        // Once more, for what only the bucket's region knows.
        if let text = source.versionID { _ = try Self.parseVersion(text, in: bucket) }
        let version = remote.version.map {
            StoredVersion(key: source.key, record: $0, isLatest: reference == nil, row: [], value: [])
        }
        return CopySource(
            bucket: bucket, version: try Self.readable(version, reference, of: source.key), remoteBody: remote.body)
    }

    private func checkSourceOwner(_ owner: AccountID) throws(S3Error) {
        guard let expected = self.headers["x-amz-source-expected-bucket-owner"], expected != owner.description else {
            return
        }
        guard AccountID(expected) != nil else { throw .invalidBucketOwner(expected) }
        throw .accessDenied()
    }

    private static func readable(
        _ version: StoredVersion?, _ reference: VersionReference?, of key: ObjectKey
    ) throws(S3Error) -> StoredVersion {
        guard let version else {
            if let reference { throw .noSuchVersion(key, versionID: reference.wireForm) }
            throw .noSuchKey(key)
        }
        if version.record.isDeleteMarker {
            if reference != nil { throw .copySourceIsDeleteMarker }
            throw .noSuchKey(key)
        }
        return version
    }
}
