import Logging
import Synchronization
import TernCore
import TernObjects
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@Suite("Configurations with IDs")
struct NamedConfigurationTests {
    @Test("§14: a bucket has a thousand of each kind, and one more is TooManyConfigurations")
    func limit() async throws {
        let region = TestRegion("us-east-1", clock: ManualClock(), seed: 1)
        try await region.makeBucket("photos")
        func put(_ id: Int, _ kind: NamedConfigurationKind, _ document: String = "") async throws(S3Error) {
            try await region.service.putNamedConfiguration(
                kind, id: "id\(id)", document: Array(document.utf8), of: "photos")
        }
        for kind in NamedConfigurationKind.allCases {
            for id in 0..<1000 { try await put(id, kind) }
            await #expect(throws: S3Error.tooManyConfigurations) { try await put(1000, kind) }
            // One that is there is replaced, and one that goes makes room.
            try await put(7, kind, "new")
            let bucket = try await region.service.registry.state("photos")
            #expect(try await region.service.namedConfiguration(kind, id: "id7", of: bucket) == Array("new".utf8))
            #expect(try await region.service.namedConfiguration(kind, id: "id1000", of: bucket) == nil)
            try await region.service.deleteNamedConfiguration(kind, id: "id3", of: "photos")
            try await put(1000, kind)
        }
    }

    @Test("§14: of two requests at the same moment one is taken, where there is room for one")
    func limitAtOnce() async throws {
        let store = InterruptedStore(MemoryMetadataStore())
        let service = ObjectService(
            region: RegionName(trusted: "us-east-1"), metadata: store, blobs: MemoryBlobStore(seed: 1),
            wall: ManualClock(), random: SeededRandom(seed: 1),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        _ = try await service.createBucket(
            BucketName(trusted: "photos"), owner: TestRegion.account, locationConstraint: "", tags: [])
        @Sendable func put(_ id: String) async throws(S3Error) {
            try await service.putNamedConfiguration(.metrics, id: id, document: [], of: "photos")
        }
        for id in 0..<999 { try await put("id\(id)") }

        let second = Second()
        store.interruptNextCommit {
            // It counts while the first has counted already, if it may.
            let task = Task<S3Error?, Never> {
                defer { second.hasEnded.store(true, ordering: .relaxed) }
                do throws(S3Error) { try await put("second") } catch { return error }
                return nil
            }
            second.task.withLock { $0 = task }
            for _ in 0..<1000 where !second.hasEnded.load(ordering: .relaxed) { await Task.yield() }
        }
        try await put("first")
        let task = try #require(second.task.withLock { $0 })
        #expect(await task.value == .tooManyConfigurations)
    }

    private final class Second: Sendable {
        let task = Mutex<Task<S3Error?, Never>?>(nil)
        let hasEnded = Atomic<Bool>(false)
    }
}
