import FoundationEssentials
import NIOCore
import TernCore
import TernObjects
import TernRecords
import TernS3Protocol
import TernTestSupport
import Testing

@Suite("Attributes as registers")
struct AttributeRegisterTests {
    let clock = ManualClock()

    func makeDestination(isLocked: Bool = true, ownership: ObjectOwnership? = .objectWriter) async throws -> TestRegion
    {
        let region = TestRegion("eu-west-1", clock: self.clock, seed: 7)
        try await region.makeBucket("dst")
        if isLocked { try await region.service.setObjectLock(ObjectLockConfiguration(), of: "dst") }
        if let ownership { try await region.service.setOwnership(ownership, of: "dst", owner: "me") }
        return region
    }

    func item() -> IngestItem {
        var replica = ReplicaRecord()
        replica.destinationBucket = "dst"
        replica.key = .init(Array("k".utf8))
        let stamp = HybridTimestamp(milliseconds: self.clock.now.milliseconds, counter: 0)
        replica.version.id = VersionIdentity(VersionID(stamp: stamp, origin: 7, random: 1))
        // MD5 of nothing.
        replica.version.etagMd5 = .init([
            0xD4, 0x1D, 0x8C, 0xD9, 0x8F, 0x00, 0xB2, 0x04, 0xE9, 0x80, 0x09, 0x98, 0xEC, 0xF8, 0x42, 0x7E,
        ])
        return IngestItem(replica: replica)
    }

    func change(_ item: IngestItem, _ edit: (inout VersionRecord, UInt64) -> Void) -> IngestItem {
        var change = item
        change.replica.kind = .tags
        edit(&change.replica.version, item.replica.version.id.stamp)
        return change
    }

    func retention(days: Int64, mode: RetentionMode = .governance) -> Retention {
        Retention(mode: mode, until: Timestamp(seconds: self.clock.now.seconds + days * 86400))
    }

    @Test("L-77: holds, retentions and ACLs are last-writer-wins, each by its stamp, in any order")
    func anyOrder() async throws {
        let item = self.item()
        let first = self.change(item) { record, base in
            record.legalHold = .on
            record.legalHoldStamp = base + 1
            record.acl.grants = [AclGrant()]
            record.aclStamp = base + 4
        }
        let second = self.change(item) { record, base in
            record.legalHold = .off
            record.legalHoldStamp = base + 3
            record.retention = self.retention(days: 2)
            record.retentionStamp = base + 2
        }
        let third = self.change(item) { record, base in
            record.retention = self.retention(days: 3)
            record.retentionStamp = base + 5
            record.clearAcl()
            record.aclStamp = base + 3
        }
        for order in [
            [first, second, third], [third, second, first], [second, third, first], [third, first, third],
        ] {
            let region = try await self.makeDestination()
            #expect(await region.service.ingest([item]).map(\.code) == [.done])
            for one in order { #expect(await region.service.ingest([one]).map(\.code) == [.done]) }
            if !order.contains(where: { $0.replica.version.legalHoldStamp == second.replica.version.legalHoldStamp }) {
                continue
            }
            let record = try #require(try await region.stack("k", in: "dst").first)
            #expect(record.legalHold == .off)
            #expect(record.retention == self.retention(days: 3))
            #expect(record.acl.grants.count == 1)
        }
    }

    @Test("L-77: with one stamp, both sides choose the attribute that protects more")
    func ties() async throws {
        let item = self.item()
        func variant(_ days: Int64, _ hold: LegalHold) -> IngestItem {
            self.change(item) { record, base in
                record.retention = self.retention(days: days)
                record.retentionStamp = base + 1
                record.legalHold = hold
                record.legalHoldStamp = base + 1
            }
        }
        for order in [[variant(1, .on), variant(2, .off)], [variant(2, .off), variant(1, .on)]] {
            let region = try await self.makeDestination()
            _ = await region.service.ingest([item])
            for one in order { #expect(await region.service.ingest([one]).map(\.code) == [.done]) }
            let record = try #require(try await region.stack("k", in: "dst").first)
            #expect(record.retention == self.retention(days: 2))
            #expect(record.legalHold == .on)
        }
    }

    @Test("L-59, F-16: a newer retention that protects less is refused; what comes with it is taken")
    func neverShortened() async throws {
        var item = self.item()
        item.replica.version.retention = self.retention(days: 5)
        item.replica.version.retentionStamp = item.replica.version.id.stamp
        let region = try await self.makeDestination()
        #expect(await region.service.ingest([item]).map(\.code) == [.done])
        let weaker = self.change(item) { record, base in
            record.retention = nil
            record.retentionStamp = base + 1
            record.legalHold = .on
            record.legalHoldStamp = base + 2
        }
        for _ in 0..<2 {
            #expect(await region.service.ingest([weaker]).map(\.reason) == ["DstPutRetentionNotPermitted"])
        }
        let record = try #require(try await region.stack("k", in: "dst").first)
        #expect(record.retention == self.retention(days: 5))
        #expect(record.legalHold == .on)
        // Once it has run out, it protects nothing that could be weakened.
        self.clock.advance(by: .seconds(6 * 86400))
        #expect(await region.service.ingest([weaker]).map(\.code) == [.done])
        #expect(try await region.stack("k", in: "dst").first?.retention == nil)
    }

    @Test("P-16: the destination's default retention is for replicas without one, and is no change of theirs")
    func defaultRetention() async throws {
        let region = try await self.makeDestination()
        let period = DefaultRetention(mode: .compliance, period: .days(1))
        try await region.service.setObjectLock(ObjectLockConfiguration(defaultRetention: period), of: "dst")
        #expect(await region.service.ingest([self.item()]).map(\.code) == [.done])
        let record = try #require(try await region.stack("k", in: "dst").first)
        #expect(record.retention == period.retention(from: self.clock.now))
        #expect(record.retentionStamp == 0)
        #expect(record.isProtected(at: self.clock.now))
        #expect(await region.service.ingest([self.item()]).map(\.code) == [.done])
        #expect(try await region.stack("k", in: "dst").first == record)
    }

    @Test("F-04: only versions with a lock of their own need Object Lock at the destination")
    func destinationWithoutLock() async throws {
        let region = try await self.makeDestination(isLocked: false)
        var locked = self.item()
        locked.replica.version.retention = self.retention(days: 1)
        locked.replica.version.retentionStamp = locked.replica.version.id.stamp
        #expect(await region.service.ingest([locked]).map(\.reason) == ["DstBucketObjectLockConfigMissing"])
        // As a replica has it that got the default of its bucket.
        locked.replica.version.retentionStamp = 0
        #expect(await region.service.ingest([locked]).map(\.code) == [.done])
        let held = self.change(self.item()) { record, base in
            record.legalHold = .off
            record.legalHoldStamp = base + 1
        }
        #expect(await region.service.ingest([held]).map(\.reason) == ["DstBucketObjectLockConfigMissing"])
    }

    @Test(
        "P-15, L-51: owner and ACL follow the source, unless the owner is overridden or the destination enforces its own",
        arguments: [(ObjectOwnership.objectWriter, false), (.objectWriter, true), (.bucketOwnerEnforced, false)])
    func ownerAndACL(_ ownership: ObjectOwnership, _ isOverridden: Bool) async throws {
        let follows = ownership == .objectWriter && !isOverridden
        let region = try await self.makeDestination(ownership: ownership)
        var item = self.item()
        item.replica.ownerOverride = isOverridden
        item.replica.version.owner = "222222222222"
        item.replica.version.acl.grants = [AclGrant()]
        item.replica.version.aclStamp = item.replica.version.id.stamp
        #expect(await region.service.ingest([item]).map(\.code) == [.done])
        var record = try #require(try await region.stack("k", in: "dst").first)
        #expect(record.owner == (follows ? "222222222222" : TestRegion.account.description))
        #expect(record.hasAcl == follows)
        let change = self.change(item) { record, base in
            record.acl.grants = [AclGrant(), AclGrant()]
            record.aclStamp = base + 1
        }
        #expect(await region.service.ingest([change]).map(\.code) == [.done])
        record = try #require(try await region.stack("k", in: "dst").first)
        #expect(record.acl.grants.count == (follows ? 2 : 0))
    }
}
