import FoundationEssentials
import NIOCore
import TernChecksums
import TernCore
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
        var replica = ReplicaRecord()
        replica.sourceBucket = "src"
        replica.destinationBucket = "dst"
        replica.key = .init(Array(key.utf8))
        replica.kind = .object
        let stamp = HybridTimestamp(milliseconds: self.clock.now.milliseconds - 1000 + Int64(number), counter: 0)
        replica.version.id = VersionIdentity(VersionID(stamp: stamp, origin: 7, random: UInt64(number)))
        replica.version.lastModifiedMs = stamp.milliseconds
        let bytes = [UInt8(truncatingIfNeeded: number)]
        replica.version.byteCount = 1
        var md5 = MD5Hasher()
        bytes.withUnsafeBytes { md5.update($0) }
        replica.version.etagMd5 = .init(md5.finalize())
        replica.version.checksum = ChecksumValue(
            Checksum(algorithm: .sha256, digest: ChecksumHasher.hash(bytes, .sha256)))
        return IngestItem(replica: replica, body: ByteBuffer(bytes: bytes))
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
}
