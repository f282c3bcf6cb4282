import Logging
import TernCore
import TernLifecycle
import TernObjects
import TernRecords
import TernReplication
import TernS3Protocol
import TernTestSupport
import Testing

/// Changes of one key's versions at the same time.
@Suite("Races for a key's versions")
struct StackRaceTests {
    let clock = ManualClock()

    func replica(of key: String, number: Int) -> IngestItem {
        let stamp = HybridTimestamp(milliseconds: self.clock.now.milliseconds - 1000 + Int64(number), counter: 0)
        return .sample(key, bytes: [UInt8(truncatingIfNeeded: number)], stamp: stamp, random: UInt64(number))
    }

    @Test(
        "P-20, VER-15: replicas that arrive while others are deleted leave one stack, its newest version the current one",
        arguments: UInt64(0)..<16)
    func deletesAndReplicas(seed: UInt64) async throws {
        let dice = SeededRandom(seed: seed)
        let region = TestRegion("eu-west-1", clock: self.clock, seed: seed)
        try await region.makeBucket("dst")
        let bucket = try await region.service.registry.state("dst")
        for round in 0..<60 {
            let name = "k\(round)"
            let key = try ObjectKey(name)
            let items = (0..<6).map { self.replica(of: name, number: $0) }
            // Some are there, of which some are deleted while the others arrive. Most of the time the newest is there.
            let present = items.filter { $0.replica.version.id.random == 5 || dice.next(below: 4) == 0 }
            let missing = items.filter { item in !present.contains { $0.replica.version.id == item.replica.version.id }
            }
            for result in await region.service.ingest(present) { #expect(result.code == .done) }
            let deleted = present.filter { $0.replica.version.id.random == 5 || dice.next(below: 2) == 0 }

            try await withThrowingTaskGroup(of: Void.self) { group in
                for item in deleted {
                    group.addTask {
                        _ = try await region.service.deleteVersion(
                            .id(item.replica.version.versionID), of: key, in: "dst", condition: .none)
                    }
                }
                for item in missing {
                    group.addTask {
                        for result in await region.service.ingest([item]) { #expect(result.code == .done) }
                    }
                }
                try await group.waitForAll()
            }
            let stack = try await region.stack(name, in: "dst").map(\.id.random)
            let expected = items.map(\.replica.version.id).filter { id in
                !deleted.contains { $0.replica.version.id == id }
            }
            #expect(stack == expected.map(\.random).sorted(by: >), "seed \(seed), round \(round)")
            let head = try await region.service.head(key, in: bucket)
            #expect(head?.record.id.random == expected.map(\.random).max(), "seed \(seed), round \(round)")
        }
    }

    @Test(
        "P-20, LC-5: an expired marker that lifecycle removes while older replicas arrive leaves the newest as current",
        arguments: UInt64(0)..<16)
    func expiredMarkersAndReplicas(seed: UInt64) async throws {
        let region = TestRegion("eu-west-1", clock: self.clock, seed: seed)
        try await region.makeBucket("dst")
        let rule = LifecycleRule(id: "r", filter: LifecycleFilter(), expiration: .expiredObjectDeleteMarker(true))
        try await region.service.setDocument(
            .lifecycle, LifecycleConfigurationXML.encodeStored(LifecycleConfiguration(rules: [rule])), of: "dst")
        let bucket = try await region.service.registry.state("dst")
        let keys = (0..<40).map { "k\($0)" }
        let markers = keys.map { self.replica(of: $0, number: 5).asDeleteMarker }
        for result in await region.service.ingest(markers) { #expect(result.code == .done) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await region.service.runLifecycle() }
            for number in [3, 1] {
                let items = keys.map { self.replica(of: $0, number: number) }
                group.addTask {
                    for item in items {
                        for result in await region.service.ingest([item]) { #expect(result.code == .done) }
                    }
                }
            }
        }
        for key in keys {
            let stack = try await region.stack(key, in: "dst").map(\.id.random)
            #expect(stack == [5, 3, 1] || stack == [3, 1], "seed \(seed), \(key)")
            let head = try await region.service.head(ObjectKey(key), in: bucket)
            #expect(head?.record.id.random == stack.first, "seed \(seed), \(key)")
        }
    }

    @Test(
        "P-20, VER-15, LC-5: an older replica that arrives right before the commit that removes the head becomes current",
        arguments: [true, false])
    func replicaBeforeTheCommit(byLifecycle: Bool) async throws {
        let region = TestRegion("eu-west-1", clock: self.clock, seed: 1)
        let interrupted = InterruptedStore(region.metadata)
        let service = ObjectService(
            region: region.name, metadata: interrupted, blobs: region.blobs, wall: self.clock,
            random: SeededRandom(seed: 2), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await region.makeBucket("dst")
        let rule = LifecycleRule(
            id: "r", filter: LifecycleFilter(), expiration: .expiredObjectDeleteMarker(true))
        try await region.service.setDocument(
            .lifecycle, LifecycleConfigurationXML.encodeStored(LifecycleConfiguration(rules: [rule])), of: "dst")
        let head = self.replica(of: "k", number: 5).asDeleteMarker
        let older = self.replica(of: "k", number: 3)
        #expect(await region.service.ingest([head]).map(\.code) == [.done])

        interrupted.interruptNextCommit {
            let results = await region.service.ingest([older])
            #expect(results.map(\.code) == [.done])
        }
        if byLifecycle {
            // The marker is not the only version any more, and stays.
            #expect(try await !service.runLifecycle().hasChanges)
        } else {
            _ = try await service.deleteVersion(
                .id(head.replica.version.versionID), of: ObjectKey("k"), in: "dst", condition: .none)
        }
        let bucket = try await region.service.registry.state("dst")
        let current = try await region.service.head(ObjectKey("k"), in: bucket)
        #expect(current?.record.id.random == (byLifecycle ? 5 : 3))
        #expect(try await region.stack("k", in: "dst").map(\.id.random) == (byLifecycle ? [5, 3] : [3]))
    }
}
