package import TernRecords
package import TernS3Protocol

/// The federation's bucket names: kept by the home region, asked by all.
package protocol BucketNamespace: Sendable {
    func reserve(_ record: DirectoryRecord) async throws(S3Error) -> DirectoryStore.Reservation
    func confirm(_ name: String, bucketID: UInt64) async throws(S3Error)
    func release(_ name: String, bucketID: UInt64) async throws(S3Error)
}

/// The namespace as the home region sees it: its own directory.
package struct HomeNamespace: BucketNamespace {
    private let directory: DirectoryStore

    package init(directory: DirectoryStore) {
        self.directory = directory
    }

    package func reserve(_ record: DirectoryRecord) async throws(S3Error) -> DirectoryStore.Reservation {
        try await self.directory.reserve(record)
    }

    package func confirm(_ name: String, bucketID: UInt64) async throws(S3Error) {
        try await self.directory.confirm(name, bucketID: bucketID)
    }

    package func release(_ name: String, bucketID: UInt64) async throws(S3Error) {
        try await self.directory.release(name, bucketID: bucketID)
    }
}
