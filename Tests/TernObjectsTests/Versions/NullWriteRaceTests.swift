import Logging
import Synchronization
import TernCore
import TernLifecycle
import TernObjects
import TernRecords
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@Suite("Races for a null version")
struct NullWriteRaceTests {
    @Test("§4.2, LC-10: a null version that moves to another pool while it is replaced leaves no blob behind")
    func replacedWhileItMoves() async throws {
        let clock = ManualClock()
        let metadata = MemoryMetadataStore()
        let cold = MemoryBlobStore(seed: 2)
        let blobs = BlobPools(standard: MemoryBlobStore(seed: 1), named: ["cold": cold])
        let interrupted = InterruptedStore(metadata)
        func service(over metadata: any MetadataStore, seed: UInt64) -> ObjectService {
            var options = ObjectService.Options()
            options.poolOfClass = [.glacierIR: "cold"]
            return ObjectService(
                region: RegionName(trusted: "us-east-1"), metadata: metadata, blobs: blobs, wall: clock,
                random: SeededRandom(seed: seed), options: options,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
        let writer = service(over: interrupted, seed: 3)
        let other = service(over: metadata, seed: 4)
        let key = try ObjectKey("k")
        func put(_ bytes: [UInt8]) async throws {
            _ = try await writer.putObject(
                key, in: "box", attributes: ObjectAttributes(), body: BytesSource(bytes), digests: ExpectedDigests(),
                condition: .none)
        }

        _ = try await writer.createBucket(
            BucketName(trusted: "box"), owner: TestRegion.account, locationConstraint: "", tags: [])
        try await put([UInt8](repeating: 7, count: 200_000))
        try await writer.setVersioning(.enabled, of: "box")
        clock.advance(by: .seconds(1))
        try await put([1])
        try await writer.setVersioning(.suspended, of: "box")
        let rule = LifecycleRule(
            id: "r", filter: LifecycleFilter(),
            noncurrentTransitions: [.init(noncurrentDays: 1, to: .glacierIR)])
        try await writer.setDocument(
            .lifecycle, LifecycleConfigurationXML.encodeStored(LifecycleConfiguration(rules: [rule])), of: "box")
        clock.advance(by: .seconds(3 * 86_400))

        let transitions = Mutex(0)
        interrupted.interruptNextCommit {
            let count = (try? await other.runLifecycle().transitions) ?? 0
            transitions.withLock { $0 = count }
        }
        try await put([2])

        #expect(transitions.withLock { $0 } == 1)
        let bucket = try await other.registry.state("box")
        let owners = try await metadata.scan(Keyspace.table(.blobOwner), in: bucket.partition, limit: 10)
        #expect(owners.isEmpty, "a blob belongs to a version that is gone")
        let left = try await metadata.scan(
            KeyRange(prefix: Keyspace.noncurrentPrefix(key)), in: bucket.partition, limit: 10)
        #expect(left.count == 1)
    }
}
