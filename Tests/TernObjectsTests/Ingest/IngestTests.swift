import FoundationEssentials
import NIOCore
import TernChecksums
import TernCore
import TernObjects
import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@Suite("Ingest of replicas")
struct IngestTests {
    let clock = ManualClock()

    func makeDestination() async throws -> TestRegion {
        let region = TestRegion("eu-west-1", clock: self.clock, seed: 42)
        try await region.makeBucket("dst")
        return region
    }

    /// A replica as a source would send it, made `age` ms ago.
    func item(_ key: String = "k", bytes: [UInt8] = [1, 2, 3], age: Int64 = 0, random: UInt64 = 1) -> IngestItem {
        let stamp = HybridTimestamp(milliseconds: self.clock.now.milliseconds - age, counter: 0)
        return .sample(key, bytes: bytes, stamp: stamp, random: random)
    }

    func marker(age: Int64, random: UInt64) -> IngestItem {
        self.item(bytes: [], age: age, random: random).asDeleteMarker
    }

    @Test("P-20, U-22: any order of arrival makes the same stack", arguments: UInt64(0)..<30)
    func orderOfArrivalDoesNotMatter(seed: UInt64) async throws {
        let region = try await self.makeDestination()
        let dice = SeededRandom(seed: seed)
        var items: [IngestItem] = []
        for index in 0..<12 {
            let age = Int64(index) * 10
            let random = UInt64(index)
            items.append(
                index % 4 == 3
                    ? self.marker(age: age, random: random) : self.item(bytes: [UInt8(index)], age: age, random: random)
            )
        }
        let expected = items.map(\.replica.version.id)
        for index in items.indices.reversed() { items.swapAt(index, dice.next(below: index + 1)) }
        items += items.prefix(4)
        var rest = items[...]
        while !rest.isEmpty {
            let group = Array(rest.prefix(1 + dice.next(below: 5)))
            rest = rest.dropFirst(group.count)
            for result in await region.service.ingest(group) { #expect(result.code == .done) }
        }
        let stack = try await region.stack("k", in: "dst")
        #expect(stack.map(\.id) == expected)
        #expect(stack.allSatisfy { $0.isReplica })
    }

    @Test("P-20: a replica comes to lie under newer versions of clients, and over older ones, null versions too")
    func mixesWithClientVersions() async throws {
        let region = TestRegion("eu-west-1", clock: self.clock, seed: 42)
        let name = try #require(BucketName("dst"))
        _ = try await region.service.createBucket(name, owner: TestRegion.account, locationConstraint: "", tags: [])
        let null = try await region.put("k", in: "dst", bytes: [9])
        try await region.service.setVersioning(.enabled, of: "dst")
        self.clock.advance(by: .seconds(10))
        let replica = self.item(age: 0)
        self.clock.advance(by: .seconds(10))
        #expect(await region.service.ingest([replica]).map(\.code) == [.done])
        let newest = try await region.put("k", in: "dst", bytes: [8])
        let late = self.item(bytes: [7], age: 5000, random: 5)
        #expect(await region.service.ingest([late]).map(\.code) == [.done])
        let stack = try await region.stack("k", in: "dst")
        #expect(stack.map(\.id) == [newest.id, late.replica.version.id, replica.replica.version.id, null.id])
        let bucket = try await region.service.registry.state("dst")
        let found = try await region.service.version(.null, of: try ObjectKey("k"), in: bucket)
        #expect(found?.record.id == null.id)
    }

    @Test("L-16: a replica deleted by its version ID is not brought back")
    func deletedReplicaStaysDeleted() async throws {
        let region = try await self.makeDestination()
        let item = self.item()
        #expect(await region.service.ingest([item]).map(\.code) == [.done])
        let reference = VersionReference.id(item.replica.version.versionID)
        _ = try await region.service.deleteVersion(reference, of: try ObjectKey("k"), in: "dst", condition: .none)
        let result = try #require(await region.service.ingest([item]).first)
        #expect(result.code == .refused)
        #expect(result.reason == "DstObjectHardDeleted")
        #expect(try await region.stack("k", in: "dst").isEmpty)
        let progress = await region.service.beginIngest(item.replica)
        #expect(progress.result.reason == "DstObjectHardDeleted")
    }

    struct SpoilRow: Sendable, CustomTestStringConvertible {
        var why: String
        var spoil: @Sendable (inout IngestItem) -> Void
        var testDescription: String { self.why }
    }

    @Test(
        "Nothing that is not what was sent becomes visible",
        arguments: [
            SpoilRow(why: "a byte changed") { $0.body = ByteBuffer(bytes: [1, 2, 4]) },
            SpoilRow(why: "a byte is missing") { $0.body = ByteBuffer(bytes: [1, 2]) },
            SpoilRow(why: "the checksum is another's") { item in
                item.replica.version.checksum = ChecksumValue(Checksum(algorithm: .crc32, digest: [1, 2, 3, 4]))
            },
            SpoilRow(why: "the clock is an hour ahead") { item in
                let id = item.replica.version.versionID
                let stamp = HybridTimestamp(milliseconds: id.stamp.milliseconds + 3_600_000, counter: 0)
                item.replica.version.id = VersionIdentity(VersionID(stamp: stamp, origin: 7, random: 1))
            },
            SpoilRow(why: "the key is not valid") { $0.replica.key = .init([0xFF, 0xFE]) },
        ])
    func damagedIsRefused(_ row: SpoilRow) async throws {
        let region = try await self.makeDestination()
        var item = self.item()
        row.spoil(&item)
        #expect(await region.service.ingest([item]).map(\.code) == [.retry])
        #expect(try await region.stack("k", in: "dst").isEmpty)
    }

    @Test("A-50: the wrong account is refused with the reason of the operation")
    func wrongAccount() async throws {
        let region = try await self.makeDestination()
        var object = self.item()
        object.replica.destinationAccount = "999999999999"
        var marker = self.marker(age: 0, random: 3)
        marker.replica.destinationAccount = "999999999999"
        let results = await region.service.ingest([object, marker])
        #expect(results.map(\.reason) == ["DstPutObjectNotPermitted", "DstDelObjNotPermitted"])
    }

    @Test("L-77: of two changes of tags the later wins, in any order; with one stamp, both sides choose alike")
    func tagsAreARegister() async throws {
        func tags(_ value: String, stamp: UInt64, of item: IngestItem) -> IngestItem {
            var change = item
            change.replica.kind = .tags
            change.replica.version.tags = [TagPair(Tag(key: "n", value: value))]
            change.replica.version.tagsStamp = stamp
            change.body = ByteBuffer()
            return change
        }
        let item = self.item()
        let base = item.replica.version.id.stamp
        let changes = [
            tags("a", stamp: base + 1, of: item), tags("b", stamp: base + 2, of: item),
            tags("c", stamp: base + 2, of: item),
        ]
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            let region = try await self.makeDestination()
            #expect(await region.service.ingest([item]).map(\.code) == [.done])
            for index in order { #expect(await region.service.ingest([changes[index]]).map(\.code) == [.done]) }
            #expect(try await region.stack("k", in: "dst").first?.tagSet == [Tag(key: "n", value: "c")])
        }
        let region = try await self.makeDestination()
        #expect(await region.service.ingest([changes[0]]).map(\.reason) == ["DstVersionNotFound"])
    }

    @Test("Bodies over the inline threshold become blobs, and are not left behind when they are not needed")
    func blobsAreNotLeaked() async throws {
        let region = try await self.makeDestination()
        let item = self.item(bytes: [UInt8](repeating: 5, count: 100_000))
        for _ in 0..<3 { #expect(await region.service.ingest([item, item]).map(\.code) == [.done, .done]) }
        #expect(try await region.rowCount(.blobOwner, in: "dst") == 1)
        region.blobs.settle()
        let bucket = try await region.service.registry.state("dst")
        #expect(try await region.blobs.unsettled(in: bucket.partition, after: nil, limit: 100).count == 1)
    }
}
