import TernCore
import TernRecords
package import TernS3Protocol
import TernStorage

/// A bucket as it was at one moment: its configuration, and its versions for as many pages as they take.
///
/// While one is open, the store keeps what was replaced or deleted since; so it is closed as soon as it is not needed. One
/// that is dropped closes itself.
package final class BucketView: Sendable {
    /// As of the view's moment.
    package let bucket: BucketState
    private let view: any MetadataView

    fileprivate init(_ bucket: BucketState, _ view: any MetadataView) {
        self.bucket = bucket
        self.view = view
    }

    /// One page of all versions and delete markers, newest first under each key.
    ///
    /// - Parameter version: Where the page before ended.
    package func versions(
        _ query: ListQuery, after version: ListedVersion?
    ) async throws(S3Error) -> ListPage<ListedVersion> {
        try await ListingRows.view(self.view).versions(
            query, from: version.map { .afterIdentity(key: $0.key, $0.record.versionID) } ?? .beginning)
    }

    /// One page of the current objects, in the order of their keys.
    ///
    /// - Parameter version: Where the page before ended.
    package func objects(
        _ query: ListQuery, after version: ListedVersion?
    ) async throws(S3Error) -> ListPage<ListedVersion> {
        try await ListingRows.view(self.view).objects(query, from: version.map { .after($0.key.bytes) } ?? .beginning)
    }

    /// May be called again. Pages that are asked for later throw.
    package func close() { self.view.close() }
}

extension ObjectService {
    /// The bucket as it is now, whatever happens to it from now on.
    ///
    /// - Throws: `NotImplemented` where the storage engine has no such reads, `NoSuchBucket` where the bucket is gone.
    package func view(of bucket: BucketState) async throws(S3Error) -> BucketView {
        let view: any MetadataView
        do throws(StorageError) {
            view = try await self.metadata.view(of: bucket.partition)
        } catch {
            throw S3Error(error)
        }
        do throws(S3Error) {
            return BucketView(try await Self.bucket(bucket.name, in: view), view)
        } catch {
            view.close()
            throw error
        }
    }

    private static func bucket(_ name: String, in view: any MetadataView) async throws(S3Error) -> BucketState {
        let row = Keyspace.configuration
        guard let found = try await view.entries([KeyRange(from: row, to: row + [0])], limit: 1).first?.first else {
            throw .noSuchBucket(name)
        }
        let record: BucketRecord = try decodeRecord(found.value)
        guard !record.isDeleted else { throw .noSuchBucket(name) }
        return try BucketRegistry.makeState(record)
    }
}
