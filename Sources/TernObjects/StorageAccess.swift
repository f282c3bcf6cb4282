package import SwiftProtobuf
package import TernS3Protocol
package import TernStorage

// Storage errors become S3's here, once, at the border of the layer.

extension S3Error {
    /// The error that a client sees for a failure of the storage engine.
    package init(_ error: StorageError) {
        switch error.code {
        case .noSpace:
            self = S3Error(
                code: "ServiceUnavailable", status: 503,
                message:
                    "The storage of this region is full. Reads go on; writes will be accepted when there is room again."
            )
        case .closed:
            self = S3Error(
                code: "ServiceUnavailable", status: 503, message: "This region is shutting down. Please retry.")
        case .viewGone:
            self = S3Error(
                code: "ServiceUnavailable", status: 503,
                message: "The view of the bucket that this was read from is gone. Please retry.")
        case .unsupported:
            self = S3Error(
                code: "NotImplemented", status: 501, message: "The storage of this region has no such reads.")
        case .conflict, .notFound, .permissionDenied, .damaged, .locked, .io:
            self = .internalError
        }
    }
}

extension MetadataStore {
    /// `get`, with S3's errors.
    package func value(_ key: [UInt8], in partition: PartitionID) async throws(S3Error) -> [UInt8]? {
        do { return try await self.get(key, in: partition) } catch { throw S3Error(error) }
    }

    /// `get` of several keys, with S3's errors.
    package func values(_ keys: [[UInt8]], in partition: PartitionID) async throws(S3Error) -> [[UInt8]?] {
        do { return try await self.get(keys, in: partition) } catch { throw S3Error(error) }
    }

    /// `scan`, with S3's errors.
    package func entries(_ range: KeyRange, in partition: PartitionID, limit: Int) async throws(S3Error) -> [KeyValue] {
        do { return try await self.scan(range, in: partition, limit: limit) } catch { throw S3Error(error) }
    }

    /// `scan` of several ranges as of one moment, with S3's errors.
    package func entries(
        _ ranges: [KeyRange], in partition: PartitionID, limit: Int
    ) async throws(S3Error) -> [[KeyValue]] {
        do { return try await self.scan(ranges, in: partition, limit: limit) } catch { throw S3Error(error) }
    }

    /// Commits; `false` when a precondition did not hold and the caller has to read and decide anew.
    package func tryCommit(_ batch: MetadataBatch) async throws(S3Error) -> Bool {
        do {
            try await self.commit(batch)
            return true
        } catch  where error.code == .conflict {
            return false
        } catch {
            throw S3Error(error)
        }
    }
}

extension MetadataView {
    /// `scan`, with S3's errors.
    func entries(_ ranges: [KeyRange], limit: Int) async throws(S3Error) -> [[KeyValue]] {
        do { return try await self.scan(ranges, limit: limit) } catch { throw S3Error(error) }
    }
}

/// Decodes a record; one that cannot be decoded is damage.
package func decodeRecord<Record: SwiftProtobuf.Message>(_ bytes: [UInt8]) throws(S3Error) -> Record {
    do { return try Record(serializedBytes: bytes) } catch { throw .internalError }
}

package func encodeRecord(_ record: some SwiftProtobuf.Message) throws(S3Error) -> [UInt8] {
    do { return try record.serializedBytes() } catch { throw .internalError }
}
