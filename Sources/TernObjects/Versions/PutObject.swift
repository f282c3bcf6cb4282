import FoundationEssentials
package import TernCore
package import TernPorts
package import TernRecords
package import TernS3Protocol
import TernStorage

/// What a client sends along with an object's body.
package struct ObjectAttributes: Sendable {
    package var systemMetadata: [HeaderPair] = []
    package var userMetadata: [HeaderPair] = []
    package var storageClass: StorageClass = .standard
    package var tags: [Tag] = []
    /// `nil` leaves it to the bucket's default retention.
    package var retention: Retention?
    package var legalHold: Bool?
    /// The account that owns the object where the bucket's owner does not own all; `nil` is the bucket's owner.
    package var owner: AccountID?
    /// `nil` leaves everything to the owner alone.
    package var accessControlList: AccessControlList?
    package var encryption = EncryptionRequest()

    package init() {}

    /// The record of a version that has these attributes.
    package var template: VersionRecord {
        var record = VersionRecord()
        record.systemMetadata = self.systemMetadata
        record.userMetadata = self.userMetadata
        if self.storageClass != .standard { record.storageClass = self.storageClass.rawValue }
        record.tags = self.tags.map { TagPair($0) }
        record.retention = self.retention
        if let legalHold { record.legalHold = legalHold ? .on : .off }
        if let owner { record.owner = owner.description }
        if let accessControlList { record.acl = AclRecord(accessControlList) }
        return record
    }
}

/// Digests that the client sent; those known only when the body has ended come from the closures.
package struct ExpectedDigests: Sendable {
    /// `Content-MD5`, 16 bytes.
    package var md5: [UInt8]?
    /// The algorithm to compute: the client's, or the server's default.
    package var algorithm: ChecksumAlgorithm
    /// The client's value, asked for after the body has ended, because it may stand in a trailer.
    package var checksum: @Sendable () throws(S3Error) -> [UInt8]?

    package init(
        md5: [UInt8]? = nil,
        algorithm: ChecksumAlgorithm = .crc64nvme,
        checksum: @escaping @Sendable () throws(S3Error) -> [UInt8]? = { () throws(S3Error) in nil }
    ) {
        self.md5 = md5
        self.algorithm = algorithm
        self.checksum = checksum
    }

    /// Throws `BadDigest` when the body is not what the client meant to send.
    func verify(_ body: ReceivedBody) throws(S3Error) {
        if let md5, md5 != body.md5 {
            throw .contentMD5Mismatch(expected: Base64.encode(md5), calculated: Base64.encode(body.md5))
        }
        if let expected = try self.checksum(), let computed = body.checksums.first, expected != computed.digest {
            throw .checksumMismatch(computed.algorithm)
        }
    }
}

extension ObjectService {
    /// PutObject: receives the body, then commits the version.
    ///
    /// Source: Amazon S3 API Reference, PutObject; spec §4.2, §5.2.
    package func putObject(
        _ key: ObjectKey,
        in bucketName: String,
        attributes: ObjectAttributes,
        body source: any HTTPBodySource,
        digests: ExpectedDigests,
        condition: WriteCondition,
        maximumBytes: Int64 = 5_368_709_120,
        cause: EventCause = EventCause(.putObject)
    ) async throws(S3Error) -> WrittenVersion {
        let requested = self.clock.now
        let bucket = try await self.registry.state(bucketName)
        let encryption = try await self.newEncryption(attributes.encryption, for: key, in: bucket)
        let body = try await self.receive(
            source, checksums: [digests.algorithm], maximumBytes: maximumBytes,
            storageClass: attributes.storageClass, sealing: .whole(encryption?.cipher), into: bucket.partition)
        return try await self.writePlainVersion(
            of: key, in: bucket, body: body, encryption: encryption, template: attributes.template,
            condition: condition, requested: requested, cause: cause
        ) { () throws(S3Error) in try digests.verify(body) }
    }

    /// Makes a version of a plain object with a body that was received or cloned for it, which is abandoned if there
    /// is to be none.
    ///
    /// - Parameter verify: Looks at the body before anything is written.
    func writePlainVersion(
        of key: ObjectKey,
        in bucket: BucketState,
        body: ReceivedBody,
        encryption: NewEncryption?,
        template: @autoclosure () -> VersionRecord,
        condition: WriteCondition,
        requested: Timestamp,
        cause: EventCause,
        verify: () throws(S3Error) -> Void = {}
    ) async throws(S3Error) -> WrittenVersion {
        do {
            try verify()
            return try await self.writeVersion(
                of: key, in: bucket, template: template(), condition: condition, requested: requested, cause: cause
            ) { record, batch throws(S3Error) in
                Self.fill(&record, with: body, encryption: encryption, batch: &batch)
            }
        } catch {
            await self.abandon(body, after: error, in: bucket.partition)
            throw error
        }
    }

    /// Completes a plain object's record with its body.
    private static func fill(
        _ record: inout VersionRecord, with body: ReceivedBody, encryption: NewEncryption?, batch: inout MetadataBatch
    ) {
        record.byteCount = body.byteCount
        record.etagMd5 = .init(encryption?.etag(body.md5) ?? body.md5)
        if let encryption { record.encryption = encryption.record }
        if let checksum = body.checksums.first { record.checksum = ChecksumValue(checksum) }
        if let segment = body.place(in: &batch, inlineID: record.versionID.newestFirstBytes) { record.body = segment }
    }
}
