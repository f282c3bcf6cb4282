import Logging
import TernStorage
import TernStorageRocksDB
import TernStorageTesting
import Testing

@Suite("The embedded stores")
struct ConformanceTests {
    @Test(
        "keep the contract of a metadata store, reading in place or not",
        arguments: MetadataStoreSuite.Check.allCases,
        [true, false]
    )
    func metadata(_ check: MetadataStoreSuite.Check, readsInPlace: Bool) async throws {
        let directory = try TemporaryDirectory()
        var options = RocksDBOptions()
        options.readsInPlace = readsInPlace
        let suite = MetadataStoreSuite(isDurable: true) { [options] in
            try await RocksDBMetadataStore.open(directory: directory.path, logger: .quiet, options: options)
        }
        try await suite.run(check)
    }

    @Test("keep the contract of a blob store", arguments: BlobStoreSuite.Check.allCases)
    func blobs(_ check: BlobStoreSuite.Check) async throws {
        let directory = try TemporaryDirectory()
        let suite = BlobStoreSuite { try await FileBlobStore.open(directory: directory.path, logger: .quiet) }
        try await suite.run(check)
    }
}

extension Logger {
    /// For tests that provoke errors.
    static let quiet = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
}
