import FoundationEssentials
import TernCore
package import TernRecords
import TernReplication
package import TernS3Protocol
package import TernStorage

extension ObjectService {
    /// Changes a bucket's configuration under a new epoch, so that every write planned under the old one plans again.
    ///
    /// - Parameter alongside: Adds events to the commit.
    @discardableResult
    package func changeBucket(
        _ name: String,
        alongside: (BucketState, inout MetadataBatch) throws(S3Error) -> AddedEvents = { _, _ throws(S3Error) in
            AddedEvents()
        },
        _ change: (inout BucketRecord) throws(S3Error) -> Void
    ) async throws(S3Error) -> BucketState {
        for _ in 0..<Self.maximumCommitAttempts {
            let bucket = try await self.registry.state(name)
            var record = bucket.record
            try change(&record)
            record.epoch += 1
            let state = try BucketRegistry.makeState(record)
            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.put(Keyspace.epoch, state.epochValue)
            batch.put(Keyspace.configuration, try encodeRecord(record))
            let events = try alongside(state, &batch)
            let isCommitted = try await self.tryCommit(batch, and: events, to: state)
            self.registry.refresh(name)
            if isCommitted { return state }
        }
        throw .operationAborted
    }

    /// PutBucketVersioning. Source: spec §4.1, LCK-2; live-replication rules E-45, E-47.
    package func setVersioning(_ state: VersioningState, of name: String) async throws(S3Error) {
        try await self.changeBucket(name) { record throws(S3Error) in
            if state == .suspended, record.documents.contains(where: { $0.name == BucketDocument.objectLock.rawValue })
            {
                throw .versioningHeldByObjectLock
            }
            if state == .suspended, !record.replicationXml.isEmpty {
                throw S3Error(ConfigurationProblem.versioningHeldByReplication)
            }
            record.versioning = state
        }
    }

    /// Stores a replication configuration that was found valid, or with `nil` removes it.
    package func setReplication(_ document: [UInt8]?, of name: String) async throws(S3Error) {
        try await self.changeBucket(name) { record throws(S3Error) in
            if document != nil, record.versioning != .enabled {
                throw S3Error(ConfigurationProblem.sourceNotVersioned)
            }
            record.replicationXml = .init(document ?? [])
        }
    }
}
