package import TernRecords
package import TernS3Protocol
import TernStorage

/// What a bucket remembers of the reports of its inventories: it goes with the configuration.
extension ObjectService {
    /// What an inventory delivered; an empty record where it delivered nothing yet.
    package func inventoryDelivery(
        _ id: String, of bucket: BucketState
    ) async throws(S3Error) -> InventoryDeliveryRecord {
        guard let value = try await self.metadata.value(Keyspace.inventoryDelivery(id), in: bucket.partition) else {
            return InventoryDeliveryRecord()
        }
        return try decodeRecord(value)
    }

    /// Keeps it; does nothing where the configuration or the bucket is gone.
    package func keep(
        _ record: InventoryDeliveryRecord, ofInventory id: String, in bucketName: String
    ) async throws(S3Error) {
        let configuration = Keyspace.namedConfiguration(kind: NamedConfigurationKind.inventory.rawValue, id: id)
        for _ in 0..<Self.maximumCommitAttempts {
            let bucket: BucketState
            do throws(S3Error) {
                bucket = try await self.registry.state(bucketName)
            } catch {
                if error.code == "NoSuchBucket" { return }
                throw error
            }
            guard let known = try await self.metadata.value(configuration, in: bucket.partition) else { return }
            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.require(configuration, is: known)
            batch.put(Keyspace.inventoryDelivery(id), try encodeRecord(record))
            if try await self.metadata.tryCommit(batch) { return }
            self.registry.refresh(bucketName)
        }
        throw .operationAborted
    }
}
