import TernCore
import TernObjects
import TernRecords
import TernTestSupport
import Testing

@Suite("The directory of a region that follows the home region's log")
struct DirectoryStoreTests {
    private let region = TestRegion("eu-west-1", clock: ManualClock(), seed: 1)

    private func record(
        _ name: String, _ bucketID: UInt64, region: String = "eu-west-1", isReserved: Bool = false
    ) -> DirectoryRecord {
        var record = DirectoryRecord()
        record.name = name
        record.bucketID = bucketID
        record.owner = TestRegion.account.description
        record.region = region
        record.isReserved = isReserved
        return record
    }

    /// Applies what comes behind all that was applied before.
    private func apply(_ changes: [(DirectoryRecord, isRemoval: Bool)]) async throws {
        let last = try await self.region.service.directory.lastSequence()
        try await self.region.service.directory.apply(
            changes.enumerated().map { index, each in
                var change = DirectoryChange()
                change.sequence = last + UInt64(index) + 1
                change.record = each.0
                change.isRemoval = each.isRemoval
                return change
            })
    }

    private func bucketID(_ name: String) async throws -> UInt64? {
        try await self.region.service.directory.record(name)?.bucketID
    }

    @Test("What the log says of a name's earlier buckets does not hide the one that was created since")
    func earlierBucket() async throws {
        try await self.region.makeBucket("photos")
        let created = try #require(try await self.bucketID("photos"))
        for earlier in [self.record("photos", 7), self.record("photos", 8, region: "us-east-1")] {
            var reserved = earlier
            reserved.isReserved = true
            for change in [(reserved, false), (earlier, false), (earlier, true)] {
                try await self.apply([change])
                #expect(try await self.bucketID("photos") == created)
                #expect(try await self.region.service.registry.state("photos").record.bucketID == created)
            }
        }
        // Its own reservation comes late too, and does not take it out of lists.
        try await self.apply([(self.record("photos", created, isReserved: true), false)])
        #expect(try await self.region.service.directory.record("photos")?.isReserved == false)
    }

    @Test("Nor does it bring back a bucket that was deleted since")
    func deletedBucket() async throws {
        try await self.region.makeBucket("photos")
        let gone = try #require(try await self.bucketID("photos"))
        try await self.region.service.deleteBucket("photos")
        try await self.apply([(self.record("photos", gone, isReserved: true), false)])
        #expect(try await self.bucketID("photos") == nil)
        try await self.apply([(self.record("photos", gone), false), (self.record("photos", gone), true)])
        #expect(try await self.bucketID("photos") == nil)
    }

    @Test("Buckets of other regions come and go with the log, and a name may change its region")
    func otherRegions() async throws {
        try await self.apply([(self.record("photos", 7, region: "us-east-1"), false)])
        #expect(try await self.bucketID("photos") == 7)
        try await self.apply([
            (self.record("photos", 7, region: "us-east-1"), true),
            (self.record("photos", 8, region: "ap-south-1"), false),
        ])
        #expect(try await self.bucketID("photos") == 8)
        try await self.apply([(self.record("photos", 8, region: "ap-south-1"), true)])
        #expect(try await self.bucketID("photos") == nil)
    }

    @Test("A bucket whose creation was interrupted before the region noted its name is learnt from the log")
    func interruptedCreation() async throws {
        try await self.region.makeBucket("photos")
        let created = try #require(try await self.bucketID("photos"))
        try await self.region.service.directory.anticipateRemoval(of: "photos", bucketID: created)
        try await self.apply([
            (self.record("photos", created, isReserved: true), false), (self.record("photos", created), false),
        ])
        #expect(try await self.region.service.directory.record("photos")?.isReserved == false)
    }
}
