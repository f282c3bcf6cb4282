package import TernCore
package import TernRecords
package import TernReplication
package import TernS3Protocol
import TernStorage

extension ObjectService {
    /// Changes one of the mutable attributes of a version, and gives it a new stamp.
    ///
    /// The change of an admitted version is replicated in turn (spec rules L-50 to L-56). A delete marker is returned as
    /// it is: it has no attributes (VER-17).
    ///
    /// - Parameter change: Sets the attribute, or throws where it may not be changed so. Called anew for every attempt,
    ///   with the version and the bucket as the commit will require them.
    package func changeAttribute(
        _ attribute: VersionChange.Attribute,
        of reference: VersionReference?,
        key: ObjectKey,
        in bucketName: String,
        cause: EventCause = .server,
        change: (inout VersionRecord, BucketState) throws(S3Error) -> Void
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
            try change(&record, bucket)
            // Later than every other attribute's, so that one stamp tells which changes a task was made for.
            let stamp = self.clock.stamp(after: HybridTimestamp(rawValue: record.newestAttributeStamp))
            record.setStamp(stamp.rawValue, of: attribute)

            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.require(version.row, is: version.value)
            let deliveries = try self.planChange(
                of: attribute, in: record, key: key, bucket: bucket, requested: requested)
            Self.merge(deliveries.states, of: attribute, into: &record)
            self.put(deliveries.tasks, in: &batch)
            let value = try encodeRecord(record)
            batch.put(version.row, value)
            let events = try self.addAttributeEvent(
                of: attribute, in: record, before: version.record, key: key, bucket: bucket, cause: cause,
                stamp: stamp, to: &batch)
            if try await self.tryCommit(batch, adding: deliveries.tasks, and: events, to: bucket) {
                return StoredVersion(
                    key: key, record: record, isLatest: version.isLatest, row: version.row, value: value)
            }
            self.registry.refresh(bucketName)
        }
        throw .operationAborted
    }

    /// Notes the pending deliveries of an attribute in the states that the version has of their destinations (T-12).
    private static func merge(
        _ states: [DestinationState], of attribute: VersionChange.Attribute, into record: inout VersionRecord
    ) {
        let component = DestinationStatus.Component(attribute)
        for state in states {
            if let index = record.destinations.firstIndex(where: { $0.destinationBucket == state.destinationBucket }) {
                record.destinations[index][component] = state[component]
                record.destinations[index].refreshFailureReason()
            } else {
                record.destinations.append(state)
            }
        }
    }
}
