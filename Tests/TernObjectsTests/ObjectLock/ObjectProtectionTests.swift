import TernCore
import TernObjects
import TernRecords
import TernReplication
import TernS3Protocol
import TernTestSupport
import Testing

@Suite("Object Lock")
struct ObjectProtectionTests {
    static let now = Timestamp(seconds: 1_000_000)

    struct Row: Sendable, CustomTestStringConvertible {
        var why: String
        var mode: RetentionMode?
        var remaining: Int64 = 0
        var hold = LegalHold.unset
        var isMarker = false
        /// Without and with the bypass of governance.
        var isProtected: (Bool, Bool)

        var testDescription: String { self.why }
    }

    @Test(
        "LCK-8, LCK-9: which versions are protected",
        arguments: [
            Row(why: "nothing set", isProtected: (false, false)),
            Row(why: "governance", mode: .governance, remaining: 1, isProtected: (true, false)),
            Row(why: "compliance", mode: .compliance, remaining: 1, isProtected: (true, true)),
            Row(why: "governance has run out", mode: .governance, isProtected: (false, false)),
            Row(why: "compliance has run out", mode: .compliance, remaining: -1, isProtected: (false, false)),
            Row(why: "a hold", hold: .on, isProtected: (true, true)),
            Row(why: "a hold that is off", hold: .off, isProtected: (false, false)),
            Row(why: "a hold over governance", mode: .governance, remaining: 1, hold: .on, isProtected: (true, true)),
            Row(
                why: "a marker", mode: .compliance, remaining: 1, hold: .on, isMarker: true, isProtected: (false, false)
            ),
        ])
    func protection(_ row: Row) {
        var record = VersionRecord()
        record.isDeleteMarker = row.isMarker
        record.legalHold = row.hold
        if let mode = row.mode {
            record.retention = Retention(mode: mode, until: Timestamp(seconds: Self.now.seconds + row.remaining))
        }
        #expect(record.isProtected(at: Self.now) == row.isProtected.0)
        #expect(record.isProtected(at: Self.now, bypassingGovernance: true) == row.isProtected.1)
    }

    @Test("LCK-8: a retention that is set while a delete is under way is never passed over")
    func noRace() async throws {
        for seed in UInt64(0)..<20 {
            let region = TestRegion("us-east-1", clock: ManualClock(), seed: seed)
            try await region.makeBucket("bkt")
            try await region.service.setObjectLock(ObjectLockConfiguration(), of: "bkt")
            let version = try await region.put("k", in: "bkt", bytes: [1])
            let key = try ObjectKey("k")
            let service = region.service
            async let hold = { try? await service.setLegalHold(true, of: version.reference, key: key, in: "bkt") }()
            async let deletion = {
                try? await service.deleteVersion(version.reference, of: key, in: "bkt", condition: .none)
            }()
            let isHeld = await hold != nil
            let isDeleted = await deletion != nil
            #expect(isHeld != isDeleted)
            #expect(try await region.stack("k", in: "bkt").isEmpty == isDeleted)
        }
    }
}
