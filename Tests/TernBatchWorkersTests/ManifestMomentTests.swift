import SwiftProtobuf
import TernBatch
import TernControlPlane
import TernCore
import TernObjects
import TernRecords
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@testable import TernBatchWorkers

@Suite("The moment of a generated manifest")
struct ManifestMomentTests {
    /// A scan of the view before any of the bucket's versions: of its configuration.
    private static let configurationScans = 1
    private static let versionsPerScan = 256

    /// The scan of the view that reads behind so many versions of keys that have one version each.
    private static func scan(behind versions: Int) -> Int {
        Self.configurationScans + versions / Self.versionsPerScan + 1
    }

    private static func name(_ number: Int) -> String {
        let digits = String(number)
        return "k" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    private func fill(_ scene: PreparationScene, _ count: Int) async throws {
        for number in 0..<count {
            try await scene.region.put(Self.name(number), in: PreparationScene.bucket, bytes: [1])
        }
    }

    private func remove(_ key: String, _ scene: PreparationScene, older: Bool = false) async throws {
        let stack = try await scene.region.stack(key, in: PreparationScene.bucket)
        let record = try #require(older ? stack.last : stack.first)
        _ = try await scene.region.service.deleteVersion(
            record.reference, of: ObjectKey(key), in: PreparationScene.bucket, condition: .none)
    }

    @Test("BR-MG-5, TD-6: versions and objects that are deleted while the list is made are in it, later ones are not")
    func deletedMeanwhile() async throws {
        let scene = try await PreparationScene()
        try await self.fill(scene, 600)
        try await scene.region.put(Self.name(580), in: PreparationScene.bucket, bytes: [2])
        let expected = try await scene.versions()
        #expect(expected.count == 601)

        let store = InterruptedStore(scene.region.metadata)
        let context = try await scene.process(over: store)
        let job = try await scene.makeJob(in: context)
        store.interruptScanOfView(Self.scan(behind: 256)) {
            await Self.succeeds {
                #expect(scene.region.metadata.openViewCount == 1)
                // Read already.
                try await self.remove(Self.name(1), scene)
                // Not read yet: a whole object, an old version, a current one, one that becomes noncurrent twice over.
                try await self.remove(Self.name(590), scene)
                try await self.remove(Self.name(580), scene, older: true)
                try await self.remove(Self.name(580), scene)
                _ = try await scene.region.service.deleteCurrent(
                    ObjectKey(Self.name(570)), in: PreparationScene.bucket, condition: .none)
                try await scene.region.put(Self.name(560), in: PreparationScene.bucket, bytes: [2])
                try await scene.region.put(Self.name(560), in: PreparationScene.bucket, bytes: [3])
                try await scene.region.put("k0550-new", in: PreparationScene.bucket, bytes: [1])
                try await scene.region.put("z", in: PreparationScene.bucket, bytes: [1])
            }
        }
        #expect(try await scene.prepare(job, in: context).get() == 601)
        #expect(store.wasInterrupted)
        #expect(try await scene.tasks(of: job) == expected)
        #expect(try scene.manifest(of: job) == expected)
        #expect(try await scene.versions() != expected)
        #expect(scene.region.metadata.openViewCount == 0)
    }

    @Test(
        "BR-MG-5, TD-6: objects of a bucket without versioning that are deleted or replaced meanwhile are in the list")
    func withoutVersioning() async throws {
        let scene = try await PreparationScene(versioned: false)
        try await self.fill(scene, 600)
        let store = InterruptedStore(scene.region.metadata)
        let context = try await scene.process(over: store)
        let job = try await scene.makeJob(in: context)
        store.interruptScanOfView(Self.scan(behind: 256)) {
            await Self.succeeds {
                for number in 300..<600 where number % 2 == 0 {
                    _ = try await scene.region.service.deleteCurrent(
                        ObjectKey(Self.name(number)), in: PreparationScene.bucket, condition: .none)
                }
                try await scene.region.put(Self.name(301), in: PreparationScene.bucket, bytes: [2])
                try await scene.region.put("z", in: PreparationScene.bucket, bytes: [2])
            }
        }
        #expect(try await scene.prepare(job, in: context).get() == 600)
        #expect(store.wasInterrupted)
        #expect(try await scene.tasks(of: job) == (0..<600).map { "\(Self.name($0)) null" })
    }

    @Test("TD-6: statuses and rules are those of the moment too")
    func filters() async throws {
        let scene = try await PreparationScene()
        try await scene.region.replicate(PreparationScene.bucket, to: ["ops"])
        try await self.fill(scene, 600)
        // All are PENDING but two: one has failed, and one has arrived.
        try await self.set(.failed, of: Self.name(500), scene)
        try await self.set(.completed, of: Self.name(501), scene)
        let expected = try await scene.versions().filter { $0.hasPrefix(Self.name(500)) }
        let store = InterruptedStore(scene.region.metadata)
        let context = try await scene.process(over: store)
        let job = try await scene.makeJob(
            filter: """
                <EligibleForReplication>true</EligibleForReplication>\
                <ObjectReplicationStatuses><member>FAILED</member></ObjectReplicationStatuses>
                """, in: context)
        store.interruptScanOfView(Self.scan(behind: 256)) {
            await Self.succeeds {
                try await self.set(.completed, of: Self.name(500), scene)
                try await self.set(.failed, of: Self.name(501), scene)
                try await context.service.setReplication(nil, of: PreparationScene.bucket)
            }
        }
        #expect(try await scene.prepare(job, in: context).get() == 1)
        #expect(store.wasInterrupted)
        #expect(try await scene.tasks(of: job) == expected)
    }

    private func set(_ status: DestinationState.Status, of key: String, _ scene: PreparationScene) async throws {
        let bucket = try await scene.region.service.registry.state(PreparationScene.bucket)
        let row = Keyspace.head(try ObjectKey(key))
        let value = try #require(try await scene.region.metadata.get(row, in: bucket.partition))
        var record = try VersionRecord(serializedBytes: value)
        try #require(record.destinations.count == 1)
        record.destinations[0].data = status
        var batch = MetadataBatch(partition: bucket.partition)
        batch.put(row, try record.serializedBytes())
        try await scene.region.metadata.commit(batch)
    }

    @Test(
        "BR-RS-1, TD-6: a list that a crash cuts off is made anew, of one later moment, and nothing of the first is left"
    )
    func killed() async throws {
        let scene = try await PreparationScene()
        try await self.fill(scene, 1_300)
        let first = try await scene.versions()
        let store = InterruptedStore(scene.region.metadata)
        let killed = try await scene.process(over: store)
        let job = try await scene.makeJob(in: killed)
        // Behind the first page, of which the tasks are stored.
        store.interruptScanOfView(Self.scan(behind: 1_024)) { store.die() }
        guard case .failure(.trouble) = await scene.prepare(job, in: killed) else {
            Issue.record("the preparation did not break off")
            return
        }
        #expect(scene.region.metadata.openViewCount == 0)
        #expect(try await scene.tasks(of: job) == Array(first.prefix(1_000)))
        #expect(try await scene.progress(of: job).isPrepared == false)
        #expect(!scene.output.keys.isEmpty, "a file of the first list was written")

        // Before, at and behind the place that the first list had come to; it becomes shorter, too.
        for number in [0, 500, 999, 1_000, 1_299] { try await self.remove(Self.name(number), scene) }
        for number in 400..<450 { try await self.remove(Self.name(number), scene) }
        for number in 1_001..<1_290 { try await self.remove(Self.name(number), scene) }
        try await scene.region.put(Self.name(1), in: PreparationScene.bucket, bytes: [2])
        try await scene.region.put("a", in: PreparationScene.bucket, bytes: [1])
        let second = try await scene.versions()
        let next = try await scene.process(over: scene.region.metadata)
        let resumed = try await scene.job(job.id, in: next)
        #expect(try await scene.prepare(resumed, in: next).get() == Int64(second.count))
        #expect(try await scene.tasks(of: job) == second)
        #expect(try scene.manifest(of: job) == second)
        #expect(try await scene.progress(of: job).preparedTasks == Int64(second.count))
        #expect(scene.region.metadata.openViewCount == 0)
    }

    enum Ending: CaseIterable, Sendable {
        case jobStopped
        case taskCancelled
        case outputRefused
        case storeFailed
    }

    @Test("TD-6: however the making of a list ends, its view of the bucket is closed", arguments: Ending.allCases)
    func closed(_ ending: Ending) async throws {
        let scene = try await PreparationScene()
        try await self.fill(scene, 1_100)
        let store = InterruptedStore(scene.region.metadata)
        let context = try await scene.process(over: store)
        let job = try await scene.makeJob(in: context)
        let control = JobControl()
        store.interruptScanOfView(Self.scan(behind: 256)) {
            #expect(scene.region.metadata.openViewCount == 1)
            switch ending {
            case .jobStopped: control.stop()
            case .taskCancelled: withUnsafeCurrentTask { $0?.cancel() }
            case .outputRefused: scene.output.refuse()
            case .storeFailed: store.die()
            }
        }
        let result = await Task { await scene.prepare(job, in: context, control: control) }.value
        switch (ending, result) {
        case (.jobStopped, .failure(.stopped)), (.taskCancelled, .failure(.stopped)),
            (.storeFailed, .failure(.trouble)):
            break
        case (.outputRefused, .failure(.failed(let failure))):
            #expect(failure == .manifestNotWritten)
        default: Issue.record("\(ending): \(result)")
        }
        #expect(scene.region.metadata.openViewCount == 0)
    }

    @Test("TD-6: an engine that cannot read as of one moment fails the job, and says so")
    func withoutViews() async throws {
        let scene = try await PreparationScene(hasViews: false)
        try await self.fill(scene, 1)
        let context = try await scene.process(over: scene.region.metadata)
        let job = try await scene.makeJob(in: context)
        guard case .failure(.failed(let failure)) = await scene.prepare(job, in: context) else {
            Issue.record("the job goes on")
            return
        }
        #expect(failure.reason.contains("cannot be listed as of one moment"))
    }

    /// Runs what has to succeed where nothing can be thrown.
    private static func succeeds(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            Issue.record("\(error)")
        }
    }
}
