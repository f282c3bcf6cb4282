package import TernS3Protocol
import TernStorage

/// Configurations of which a bucket has up to a thousand of each kind, each in a row of its own (spec s3-api §12.5).
extension ObjectService {
    /// One configuration; `nil` if there is none of the ID.
    package func namedConfiguration(
        _ kind: NamedConfigurationKind, id: String, of bucket: BucketState
    ) async throws(S3Error) -> [UInt8]? {
        try await self.metadata.value(
            Keyspace.namedConfiguration(kind: kind.rawValue, id: id), in: bucket.partition)
    }

    /// The first configurations behind an ID, in the order of their IDs.
    package func namedConfigurations(
        _ kind: NamedConfigurationKind, of bucket: BucketState, after id: String?, limit: Int
    ) async throws(S3Error) -> [(id: String, document: [UInt8])] {
        let prefix = Keyspace.namedConfigurationPrefix(kind: kind.rawValue)
        var range = KeyRange(prefix: prefix)
        // No ID has a NUL, so nothing is between an ID and the same with a NUL behind it.
        if let id { range.lower = Keyspace.namedConfiguration(kind: kind.rawValue, id: id) + [0] }
        return try await self.metadata.entries(range, in: bucket.partition, limit: limit).map { row in
            (String(decoding: row.key.dropFirst(prefix.count), as: UTF8.self), row.value)
        }
    }

    /// Stores a configuration that was found valid.
    ///
    /// - Throws: `TooManyConfigurations`.
    package func putNamedConfiguration(
        _ kind: NamedConfigurationKind, id: String, document: [UInt8], of bucketName: String
    ) async throws(S3Error) {
        // No commit can require how many rows there are, so those who may add one take turns.
        try await self.bucketTurns.take(bucketName) { () async throws(S3Error) in
            try await self.storeNamedConfiguration(kind, id: id, document: document, of: bucketName)
        }
    }

    private func storeNamedConfiguration(
        _ kind: NamedConfigurationKind, id: String, document: [UInt8], of bucketName: String
    ) async throws(S3Error) {
        let row = Keyspace.namedConfiguration(kind: kind.rawValue, id: id)
        for _ in 0..<Self.maximumCommitAttempts {
            let bucket = try await self.registry.state(bucketName)
            let known = try await self.metadata.value(row, in: bucket.partition)
            if known == nil {
                let limit = NamedConfigurationKind.maximumCount
                let range = KeyRange(prefix: Keyspace.namedConfigurationPrefix(kind: kind.rawValue))
                let count = try await self.metadata.entries(range, in: bucket.partition, limit: limit).count
                if count >= limit { throw .tooManyConfigurations }
            }
            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.require(row, is: known)
            batch.put(row, document)
            if try await self.metadata.tryCommit(batch) { return }
            self.registry.refresh(bucketName)
        }
        throw .operationAborted
    }

    /// - Throws: `NoSuchConfiguration`.
    package func deleteNamedConfiguration(
        _ kind: NamedConfigurationKind, id: String, of bucketName: String
    ) async throws(S3Error) {
        let row = Keyspace.namedConfiguration(kind: kind.rawValue, id: id)
        for _ in 0..<Self.maximumCommitAttempts {
            let bucket = try await self.registry.state(bucketName)
            guard let known = try await self.metadata.value(row, in: bucket.partition) else {
                throw .noSuchConfiguration
            }
            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.require(row, is: known)
            batch.delete(row)
            if kind == .inventory { batch.delete(Keyspace.inventoryDelivery(id)) }
            if try await self.metadata.tryCommit(batch) { return }
            self.registry.refresh(bucketName)
        }
        throw .operationAborted
    }
}
