import TernCore
import TernLifecycle
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@Suite("Lifecycle of stored versions")
struct RunLifecycleTests {
    private let clock = ManualClock(now: Timestamp(seconds: 1_700_006_400))
    private let region: TestRegion

    init() async throws {
        self.region = TestRegion("us-east-1", clock: self.clock, seed: 1)
        try await self.region.makeBucket("box")
    }

    private func configure(_ rules: LifecycleRule..., bucket: String = "box") async throws {
        let configuration = LifecycleConfiguration(rules: rules)
        try await self.region.service.setDocument(
            .lifecycle, LifecycleConfigurationXML.encodeStored(configuration), of: bucket)
    }

    private func pass(days: Int) { self.clock.advance(by: .seconds(days * 86_400)) }

    private func run() async throws -> LifecycleReport { try await self.region.service.runLifecycle() }

    private static let large = [UInt8](repeating: 7, count: 200_000)

    @Test("LC-5, L-31: under versioning an expired object gets a delete marker, which is not replicated")
    func expiration() async throws {
        try await self.region.makeBucket("copy")
        try await self.configure(LifecycleRule(id: "r", filter: LifecycleFilter(), expiration: .at(.days(2))))
        try await self.region.put("k", in: "box", bytes: [1])
        try await self.region.replicate("box", to: ["copy"])
        #expect(try await self.run().deleteMarkers == 0)
        self.pass(days: 3)
        #expect(try await self.run().deleteMarkers == 1)
        let stack = try await self.region.stack("k", in: "box")
        #expect(stack.map(\.isDeleteMarker) == [true, false])
        #expect(stack[0].destinations.isEmpty)
        #expect(try await self.region.rowCount(.task, in: "box") == 0)
        #expect(try await !self.run().hasChanges, "a second run finds nothing to do")
    }

    @Test("LC-5: in a never-versioned bucket the object and its body go")
    func unversioned() async throws {
        let service = self.region.service
        _ = try await service.createBucket(
            BucketName(trusted: "plain"), owner: TestRegion.account, locationConstraint: "", tags: [])
        try await self.configure(
            LifecycleRule(id: "r", filter: LifecycleFilter(prefix: "old/"), expiration: .at(.days(1))),
            bucket: "plain")
        try await self.region.put("old/k", in: "plain", bytes: Self.large)
        try await self.region.put("new/k", in: "plain", bytes: [1])
        self.pass(days: 2)
        #expect(try await self.run().removed == 1)
        #expect(try await self.region.stack("old/k", in: "plain").isEmpty)
        #expect(try await self.region.stack("new/k", in: "plain").count == 1)
        #expect(try await self.region.rowCount(.blobOwner, in: "plain") == 0)
    }

    @Test("LC-5: in a suspended bucket a null marker takes the place of the null version")
    func suspended() async throws {
        try await self.region.put("k", in: "box", bytes: [1])
        try await self.region.service.setVersioning(.suspended, of: "box")
        try await self.region.put("k", in: "box", bytes: [2])
        try await self.configure(LifecycleRule(id: "r", filter: LifecycleFilter(), expiration: .at(.days(1))))
        self.pass(days: 2)
        #expect(try await self.run().deleteMarkers == 1)
        let stack = try await self.region.stack("k", in: "box")
        #expect(stack.map(\.isDeleteMarker) == [true, false])
        #expect(stack[0].isNull && !stack[1].isNull)
    }

    @Test("LC-6: as many noncurrent versions are retained as the rule says, over pages and markers")
    func noncurrent() async throws {
        for number in 0..<450 { try await self.region.put("k", in: "box", bytes: [UInt8(number % 256)]) }
        try await self.region.put("z", in: "box", bytes: [1])
        try await self.configure(
            LifecycleRule(
                id: "r", filter: LifecycleFilter(),
                noncurrentExpiration: .init(noncurrentDays: 1, newerNoncurrentVersions: 3)))
        self.pass(days: 2)
        #expect(try await self.run().removed == 446)
        #expect(try await self.region.stack("k", in: "box").count == 4)
        #expect(try await self.region.stack("z", in: "box").count == 1)
    }

    @Test("LC-5: a marker goes once nothing is under it any more")
    func expiredMarker() async throws {
        try await self.region.put("k", in: "box", bytes: [1])
        _ = try await self.region.service.deleteCurrent(ObjectKey("k"), in: "box", condition: .none)
        try await self.configure(
            LifecycleRule(
                id: "r", filter: LifecycleFilter(), expiration: .expiredObjectDeleteMarker(true),
                noncurrentExpiration: .init(noncurrentDays: 1)))
        #expect(try await !self.run().hasChanges)
        self.pass(days: 2)
        #expect(try await self.run().removed == 1)
        #expect(try await self.run().expiredMarkers == 1)
        #expect(try await self.region.rowCount(.head, in: "box") == 0)
        #expect(try await self.region.rowCount(.noncurrent, in: "box") == 0)
    }

    @Test("LC-10: a transition changes the class and nothing else")
    func transition() async throws {
        try await self.region.put("k", in: "box", bytes: Self.large)
        let before = try await self.region.stack("k", in: "box")
        try await self.configure(
            LifecycleRule(id: "r", filter: LifecycleFilter(), transitions: [.init(.days(1), to: .glacierIR)]))
        self.pass(days: 2)
        #expect(try await self.run().transitions == 1)
        var expected = before
        expected[0].storageClass = "GLACIER_IR"
        #expect(try await self.region.stack("k", in: "box") == expected)
        #expect(try await self.region.body(of: expected[0], in: "box") == Self.large)
    }

    @Test("I-01: at a destination days are counted from the creation at the source")
    func replicaOfOldVersion() async throws {
        try await self.region.makeBucket("dst")
        try await self.configure(
            LifecycleRule(id: "r", filter: LifecycleFilter(), expiration: .at(.days(2))), bucket: "dst")
        let stamp = HybridTimestamp(milliseconds: self.clock.now.milliseconds, counter: 0)
        let replica = IngestItem.sample("k", bytes: [1], stamp: stamp, random: 1)
        self.pass(days: 3)
        #expect(await self.region.service.ingest([replica]).map(\.code) == [.done])
        #expect(try await self.run().deleteMarkers == 1, "it expires right after its arrival")
        #expect(try await self.region.stack("k", in: "dst").map(\.isDeleteMarker) == [true, false])
    }

    @Test("L-21, L-58: neither a transition nor a restore is replicated")
    func restoreOfReplicated() async throws {
        try await self.region.makeBucket("copy")
        try await self.region.replicate("box", to: ["copy"])
        try await self.region.put("k", in: "box", bytes: Self.large)
        let bucket = try await self.region.service.registry.state("box")
        let lane = LaneID(
            sourceBucket: "box", sourceBucketID: bucket.record.bucketID, destinationBucket: "copy")
        let task = try #require(try await self.region.service.outbox.tasks(of: lane, from: nil, limit: 1).first)
        try await self.region.service.settle(
            [TaskSettlement(task: task, outcome: .done(attributesStamp: 0))], lane: lane)
        try await self.configure(
            LifecycleRule(id: "r", filter: LifecycleFilter(), transitions: [.init(.days(1), to: .glacier)]))
        self.pass(days: 2)
        #expect(try await self.run().transitions == 1)
        let request = Array("<RestoreRequest><Days>1</Days></RestoreRequest>".utf8)
        let outcome = try await self.region.service.restore(
            nil, of: ObjectKey("k"), in: "box", request: RestoreRequestXML(decoding: request))
        #expect(outcome == .accepted)
        let version = try #require(try await self.region.stack("k", in: "box").first)
        #expect(version.storageClass == "GLACIER" && version.replicationStatus == .completed)
        #expect(try await self.region.rowCount(.task, in: "box") == 0)
    }

    @Test("T-18: what is PENDING waits")
    func pending() async throws {
        try await self.region.makeBucket("copy")
        try await self.region.replicate("box", to: ["copy"])
        try await self.region.put("k", in: "box", bytes: Self.large)
        try await self.configure(
            LifecycleRule(
                id: "r", filter: LifecycleFilter(), expiration: .at(.days(2)),
                transitions: [.init(.days(1), to: .glacier)]))
        self.pass(days: 9)
        let report = try await self.run()
        #expect(report.held == 1 && !report.hasChanges)
    }

    @Test("LC-7: versions under retention or legal hold are not removed", arguments: [true, false])
    func locked(byHold: Bool) async throws {
        try await self.region.put("k", in: "box", bytes: [1])
        try await self.region.put("k", in: "box", bytes: [2])
        try await self.configure(
            LifecycleRule(id: "r", filter: LifecycleFilter(), noncurrentExpiration: .init(noncurrentDays: 1)))
        let bucket = try await self.region.service.registry.state("box")
        let old = try await self.region.stack("k", in: "box")[1]
        let end = self.clock.now + .seconds(4 * 86_400)
        func write(_ change: (inout VersionRecord) -> Void) async throws {
            let found = try await self.region.service.version(old.reference, of: ObjectKey("k"), in: bucket)
            var record = try #require(found).record
            change(&record)
            var batch = MetadataBatch(partition: bucket.partition)
            batch.put(Keyspace.noncurrent(try ObjectKey("k"), old.versionID), try encodeRecord(record))
            try await self.region.metadata.commit(batch)
        }
        try await write { record in
            if byHold {
                record.legalHold = .on
            } else {
                record.retentionMode = "COMPLIANCE"
                record.retainUntilMs = end.milliseconds
            }
        }
        self.pass(days: 3)
        #expect(try await self.run().held == 1)
        self.pass(days: 2)
        try await write { $0.legalHold = byHold ? .off : .unset }
        #expect(try await self.run().removed == 1)
    }

    @Test("§11.3: uploads that nobody completes are aborted, with their parts")
    func uploads() async throws {
        let service = self.region.service
        let key = try ObjectKey("k")
        let upload = try await service.createUpload(
            key, in: "box", attributes: ObjectAttributes(), initiator: TestRegion.account, algorithm: nil,
            type: .fullObject)
        let bucket = try await service.registry.state("box")
        _ = try await service.putPart(
            1, of: upload, in: bucket, cipher: nil, body: BytesSource(Self.large),
            clientAlgorithm: nil, digests: ExpectedDigests())
        try await self.configure(LifecycleRule(id: "r", filter: LifecycleFilter(), abortDaysAfterInitiation: 2))
        self.pass(days: 1)
        #expect(try await self.run().abortedUploads == 0)
        self.pass(days: 2)
        #expect(try await self.run().abortedUploads == 1)
        for table in [Keyspace.Table.upload, .uploadPart, .blobOwner] {
            #expect(try await self.region.rowCount(table, in: "box") == 0)
        }
    }

    @Test("RST-2, RST-5: a restore goes through its states by the clock")
    func restore() async throws {
        let service = self.region.service
        let key = try ObjectKey("k")
        var attributes = ObjectAttributes()
        attributes.storageClass = .glacier
        _ = try await service.putObject(
            key, in: "box", attributes: attributes, body: BytesSource([1]), digests: ExpectedDigests(), condition: .none
        )
        func ask(_ tier: String, days: Int = 1) async throws -> RestoreOutcome? {
            let document = "<RestoreRequest><Days>\(days)</Days><Tier>\(tier)</Tier></RestoreRequest>"
            return try await service.restore(
                nil, of: key, in: "box", request: RestoreRequestXML(decoding: Array(document.utf8)))
        }
        func status() async throws -> RestoreStatus? {
            try await self.region.stack("k", in: "box")[0].restoreStatus(at: self.clock.now)
        }
        #expect(try await status() == nil)
        #expect(try await ask("Bulk") == .accepted)
        #expect(try await status() == .inProgress)
        await #expect(throws: S3Error.restoreAlreadyInProgress) { try await ask("Bulk") }
        #expect(try await ask("Expedited") == .accepted, "a faster tier speeds it up")
        await #expect(throws: S3Error.restoreAlreadyInProgress) { try await ask("Standard") }
        self.clock.advance(by: .seconds(1))
        // The test's clock began at a midnight, so that one day later is one too.
        let calendar = LifecycleCalendar()
        #expect(
            try await status()
                == .available(until: calendar.due(Timestamp(seconds: 1_700_006_400), days: 1)))
        #expect(try await ask("Bulk", days: 3) == .extended)
        #expect(try await status() == .available(until: calendar.due(self.clock.now, days: 3)))
        #expect(try await self.region.stack("k", in: "box")[0].isReadable(at: self.clock.now))
        self.pass(days: 5)
        #expect(try await status() == nil)
        #expect(try await !self.region.stack("k", in: "box")[0].isReadable(at: self.clock.now))
    }
}
