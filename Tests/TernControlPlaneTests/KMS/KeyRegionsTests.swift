import SwiftProtobuf
import Synchronization
import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import TernTestSupport
import Testing

/// KMS of several regions, which ask each other without a wire.
private final class Regions: KeyPeers {
    private struct Unreachable: Error {}

    let managers: [RegionName: KeyManager]
    private let away = Mutex<Set<RegionName>>([])

    init(_ managers: [KeyManager]) {
        self.managers = Dictionary(uniqueKeysWithValues: managers.map { ($0.region, $0) })
        for manager in managers { manager.connect(to: self) }
    }

    var regions: Set<RegionName> { Set(self.managers.keys) }

    func setAway(_ regions: Set<RegionName>) { self.away.withLock { $0 = regions } }

    func exchange(_ request: [UInt8], with region: RegionName) async throws -> [UInt8] {
        guard let manager = self.managers[region], !self.away.withLock({ $0.contains(region) }) else {
            throw Unreachable()
        }
        return try await manager.answerPeer(request)
    }
}

@Suite("Keys of several regions")
struct KeyRegionsTests {
    private typealias Fixture = KeyManagerFixture

    private let here: KeyManagerFixture
    private let there: KeyManagerFixture
    private let far: KeyManagerFixture
    private let regions: Regions
    private let root = KeyManagerFixture.root()
    private let abroad = RegionName(trusted: "eu-west-1")
    private let remote = RegionName(trusted: "ap-south-1")

    init() async throws {
        self.here = try await Fixture()
        self.there = try await Fixture(region: RegionName(trusted: "eu-west-1"))
        self.far = try await Fixture(region: RegionName(trusted: "ap-south-1"))
        self.regions = Regions([self.here.keys, self.there.keys, self.far.keys])
    }

    private func primary() async throws -> KeyRecord {
        var new = NewKey()
        new.isMultiRegion = true
        return try await self.here.key(new)
    }

    @Test("KMS-9: a replica has the ID and bytes of its primary, and all else of its own")
    func replica() async throws {
        let key = try await self.primary()
        var new = NewReplica(region: "eu-west-1")
        new.description = "there"
        new.tags = [TernCore.Tag(key: "a", value: "b")]
        let replica = try await self.here.keys.replicateKey(key.id, new, self.root)
        #expect(replica.id == key.id)
        let own = try await self.there.keys.describeKey(key.id, self.root)
        #expect(own.description_p == "there" && own.primaryRegion == "us-east-1" && own.replicaRegions == ["eu-west-1"])
        #expect(try await self.here.keys.describeKey(key.id, self.root).replicaRegions == ["eu-west-1"])

        let sealed = try await self.here.keys.encrypt([1, 2], under: key.id, context: ["a": "b"], self.root)
        let opened = try await self.there.keys.decrypt(sealed.bytes, under: nil, context: ["a": "b"], self.root)
        #expect(opened.bytes == [1, 2] && opened.keyARN == "arn:aws:kms:eu-west-1:111111111111:key/\(key.id)")
        let back = try await self.there.keys.encrypt([3], under: key.id, context: [:], self.root)
        #expect(try await self.here.keys.decrypt(back.bytes, under: key.id, context: [:], self.root).bytes == [3])

        try await self.there.keys.setEnabled(false, key.id, self.root)
        #expect(
            await Fixture.code {
                _ = try await self.there.keys.decrypt(sealed.bytes, under: nil, context: ["a": "b"], self.root)
            } == "DisabledException")
        _ = try await self.here.keys.decrypt(sealed.bytes, under: nil, context: ["a": "b"], self.root)
    }

    @Test("KMS-7, KMS-9: only the primary replicates, once for each region of the federation")
    func refusals() async throws {
        let key = try await self.primary()
        let single = try await self.here.key()
        func error(_ keys: KeyManager, _ id: String, _ region: String) async -> KeyServiceError? {
            await Fixture.error { _ = try await keys.replicateKey(id, NewReplica(region: region), self.root) }
        }
        #expect(
            await error(self.here.keys, single.id, "eu-west-1")
                == KeyServiceError(
                    code: "UnsupportedOperationException",
                    message: "\(self.here.keys.arn(of: single)) is not a multi-region primary key."))
        #expect(await error(self.here.keys, key.id, "eu-west-1") == nil)
        #expect(await error(self.here.keys, key.id, "eu-west-1")?.code == "AlreadyExistsException")
        #expect(await error(self.here.keys, key.id, "us-east-1")?.code == "ValidationException")
        #expect(await error(self.here.keys, key.id, "mars-1")?.code == "ValidationException")
        #expect(await error(self.there.keys, key.id, "ap-south-1")?.code == "UnsupportedOperationException")
        #expect(
            await Fixture.code { try await self.there.keys.enableRotation(key.id, periodDays: nil, self.root) }
                == "UnsupportedOperationException")
    }

    @Test("A replica whose answer was lost is made by the next attempt; a region that is away makes none")
    func lostAnswers() async throws {
        let key = try await self.primary()
        self.regions.setAway([self.abroad])
        let new = NewReplica(region: "eu-west-1")
        #expect(
            await Fixture.code { _ = try await self.here.keys.replicateKey(key.id, new, self.root) }
                == "KMSInternalException")
        #expect(try await self.here.keys.describeKey(key.id, self.root).replicaRegions.isEmpty)
        self.regions.setAway([])
        _ = try await self.here.keys.replicateKey(key.id, new, self.root)
        #expect(try await self.there.keys.describeKey(key.id, self.root).id == key.id)
    }

    @Test("Rotation of the primary reaches the replicas, at the next maintenance where they were away")
    func rotation() async throws {
        let key = try await self.primary()
        for region in ["eu-west-1", "ap-south-1"] {
            _ = try await self.here.keys.replicateKey(key.id, NewReplica(region: region), self.root)
        }
        #expect(try await self.there.keys.describeKey(key.id, self.root).replicaRegions == ["eu-west-1", "ap-south-1"])
        self.regions.setAway([self.abroad])
        _ = try await self.here.keys.rotateOnDemand(key.id, self.root)
        let sealed = try await self.here.keys.encrypt([1], under: key.id, context: [:], self.root).bytes
        #expect(try await self.far.keys.decrypt(sealed, under: nil, context: [:], self.root).bytes == [1])
        #expect(
            await Fixture.code { _ = try await self.there.keys.decrypt(sealed, under: nil, context: [:], self.root) }
                == "InvalidCiphertextException")
        self.regions.setAway([])
        await self.here.keys.runMaintenance(usage: nil, forcesDeletion: false)
        #expect(try await self.there.keys.decrypt(sealed, under: nil, context: [:], self.root).bytes == [1])
        #expect(try await self.here.keys.describeKey(key.id, self.root).unsynchronizedRegions.isEmpty)
    }

    @Test("UpdatePrimaryRegion makes a replica the primary, and the primary a replica; all regions learn it")
    func primaryRegion() async throws {
        let key = try await self.primary()
        for region in ["eu-west-1", "ap-south-1"] {
            _ = try await self.here.keys.replicateKey(key.id, NewReplica(region: region), self.root)
        }
        try await self.here.keys.updatePrimaryRegion(key.id, "eu-west-1", self.root)
        await self.there.keys.runMaintenance(usage: nil, forcesDeletion: false)
        for keys in [self.here.keys, self.there.keys, self.far.keys] {
            let record = try await keys.describeKey(key.id, self.root)
            #expect(record.primaryRegion == "eu-west-1")
            #expect(Set(record.replicaRegions) == ["us-east-1", "ap-south-1"])
        }
        #expect(
            await Fixture.code { _ = try await self.here.keys.rotateOnDemand(key.id, self.root) }
                == "UnsupportedOperationException")
        let before = try await self.here.keys.encrypt([1], under: key.id, context: [:], self.root).bytes
        _ = try await self.there.keys.rotateOnDemand(key.id, self.root)
        let after = try await self.there.keys.encrypt([2], under: key.id, context: [:], self.root).bytes
        for keys in [self.here.keys, self.far.keys] {
            #expect(try await keys.decrypt(before, under: nil, context: [:], self.root).bytes == [1])
            #expect(try await keys.decrypt(after, under: nil, context: [:], self.root).bytes == [2])
        }
    }

    @Test("KMS-8, KMS-9: a primary waits for the deletion of its replicas, and then its own time")
    func deletion() async throws {
        let key = try await self.primary()
        _ = try await self.here.keys.replicateKey(key.id, NewReplica(region: "eu-west-1"), self.root)
        let scheduled = try await self.here.keys.scheduleDeletion(key.id, days: 10, self.root)
        #expect(scheduled.state == .pendingReplicaDeletion && scheduled.date == nil)
        #expect(
            await Fixture.code { _ = try await self.here.keys.encrypt([1], under: key.id, context: [:], self.root) }
                == "KMSInvalidStateException")
        _ = try await self.there.keys.scheduleDeletion(key.id, days: 7, self.root)
        self.there.clock.advance(by: .seconds(7 * 86_400))
        // The primary has to hear of it first.
        self.regions.setAway([.usEast1])
        await self.there.keys.runMaintenance(usage: nil, forcesDeletion: true)
        #expect(try await self.there.keys.describeKey(key.id, self.root).state == .pendingDeletion)
        self.regions.setAway([])
        await self.there.keys.runMaintenance(usage: nil, forcesDeletion: true)
        #expect(
            await Fixture.code { _ = try await self.there.keys.describeKey(key.id, self.root) } == "NotFoundException")
        let primary = try await self.here.keys.describeKey(key.id, self.root)
        #expect(primary.state == .pendingDeletion && primary.replicaRegions.isEmpty)
        #expect(primary.deletionMs == (self.here.clock.now + .seconds(10 * 86_400)).milliseconds)
    }

    @Test("What a region is sent that was not sealed with the root key changes nothing")
    func forgery() async throws {
        let other = try #require(AESRootKey(bytes: [UInt8](repeating: 7, count: 32)))
        let key = try await self.primary()
        var request = KeyPeerRequest()
        request.create = key
        let bytes: [UInt8] = try request.serializedBytes()
        for forged in [bytes, other.seal(bytes, label: "kms-peer-request"), []] {
            _ = try await self.there.keys.answerPeer(forged)
        }
        // Nor what was sealed for another purpose.
        _ = try await self.there.keys.answerPeer(self.here.rootKey.seal(bytes, label: "kms-peer-answer"))
        #expect(
            await Fixture.code { _ = try await self.there.keys.describeKey(key.id, self.root) } == "NotFoundException")
    }
}
