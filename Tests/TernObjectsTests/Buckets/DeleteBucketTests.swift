import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@Suite("Deleting buckets")
struct DeleteBucketTests {
    private static func region() -> TestRegion {
        TestRegion("us-east-1", clock: ManualClock(), seed: 1)
    }

    private static func put(_ key: String, in region: TestRegion) async throws {
        _ = try await region.service.putObject(
            ObjectKey(key), in: "photos", attributes: ObjectAttributes(), body: BytesSource([1, 2, 3]),
            digests: ExpectedDigests(), condition: .none)
    }

    @Test("A bucket with a version is not deleted, and goes on")
    func notEmpty() async throws {
        let region = Self.region()
        try await region.makeBucket("photos")
        try await Self.put("a", in: region)
        await #expect(throws: S3Error.bucketNotEmpty("photos", isVersioned: true)) {
            try await region.service.deleteBucket("photos")
        }
        try await Self.put("b", in: region)
    }

    @Test("A bucket whose deletion was interrupted after the first step is as it was")
    func interruptedAfterClosing() async throws {
        let region = Self.region()
        try await region.makeBucket("photos")
        try await Self.put("a", in: region)
        try await region.service.changeBucket("photos") { record in record.isDeleted = true }
        let after = region.restarted()
        try await Self.put("b", in: after)
        let bucket = try await after.service.registry.state("photos")
        let page = try await after.service.listObjects(ListQuery(), from: .beginning, in: bucket)
        #expect(page.entries.count == 2)
    }

    /// The state in which a process leaves a bucket that dies before it frees the name.
    private static func seal(_ name: String, in region: TestRegion) async throws {
        let bucket = try await region.service.registry.state(name)
        var batch = MetadataBatch(partition: bucket.partition)
        batch.delete(Keyspace.epoch)
        batch.delete(Keyspace.configuration)
        try await region.metadata.commit(batch)
    }

    @Test("A name left behind by a crash can be taken again by its owner")
    func nameTakenAgain() async throws {
        let region = Self.region()
        try await region.makeBucket("photos")
        try await Self.seal("photos", in: region)
        let after = region.restarted()
        try await after.makeBucket("photos")
        try await Self.put("a", in: after)
    }

    @Test("A name left behind by a crash is freed by the collector")
    func nameCollected() async throws {
        let region = Self.region()
        try await region.makeBucket("photos")
        try await region.makeBucket("kept")
        try await Self.seal("photos", in: region)
        let after = region.restarted()
        #expect(try await after.service.collect().bucketNames == 1)
        try await after.makeBucket("photos", owner: AccountID(trusted: "222222222222"))
        #expect(try await after.service.collect().bucketNames == 0)
    }
}
