package import TernCore
import TernRecords
package import TernS3Protocol
import TernStorage

extension ObjectService {
    /// Replaces the tags of a version. An empty set removes them all.
    ///
    /// The change of an admitted version is replicated in turn (spec rules L-50 to L-56).
    ///
    /// Source: Amazon S3 API Reference, PutObjectTagging and DeleteObjectTagging; spec §9.1.
    package func setTags(
        _ tags: [Tag],
        of reference: VersionReference?,
        key: ObjectKey,
        in bucketName: String
    ) async throws(S3Error) -> StoredVersion {
        let requested = self.clock.now
        for _ in 0..<Self.maximumCommitAttempts {
            let bucket = try await self.registry.state(bucketName)
            guard let version = try await self.find(reference, of: key, in: bucket) else {
                if let reference { throw .noSuchVersion(key, versionID: reference.wireForm) }
                throw .noSuchKey(key)
            }
            if version.record.isDeleteMarker { return version }
            var record = version.record
            record.tags = tags.map { TagPair($0) }
            record.tagsStamp = self.clock.stamp(after: HybridTimestamp(rawValue: record.tagsStamp)).rawValue

            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.require(version.row, is: version.value)
            let deliveries = self.planTagChange(of: record, key: key, in: bucket, requested: requested)
            Self.merge(deliveries.states, into: &record)
            try self.put(deliveries.tasks, in: &batch)
            let value = try encodeRecord(record)
            batch.put(version.row, value)
            if try await self.metadata.tryCommit(batch) {
                self.outbox.added(deliveries.tasks, to: bucket)
                return StoredVersion(
                    key: key, record: record, isLatest: version.isLatest, row: version.row, value: value)
            }
            self.registry.refresh(bucketName)
        }
        throw .operationAborted
    }

    /// Notes the pending tag deliveries in the states that the version has of their destinations.
    private static func merge(_ states: [DestinationState], into record: inout VersionRecord) {
        for state in states {
            if let index = record.destinations.firstIndex(where: { $0.destinationBucket == state.destinationBucket }) {
                record.destinations[index].tags = .pending
                record.destinations[index].tagsStamp = state.tagsStamp
            } else {
                record.destinations.append(state)
            }
        }
    }
}
