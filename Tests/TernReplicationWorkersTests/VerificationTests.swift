import TernCore
import TernObjects
import TernRecords
import TernReplication
import TernReplicationWorkers
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

/// Asks regions in memory, and counts what would have gone over the wire.
private struct MemoryPeer: VerificationPeer {
    var regions: [RegionName: ObjectService]

    init(_ regions: TestRegion...) {
        self.regions = Dictionary(uniqueKeysWithValues: regions.map { ($0.name, $0.service) })
    }

    func ask(_ query: VerificationQuery, of region: RegionName) async throws(TransportError) -> VerificationReply {
        guard let service = self.regions[region] else { throw TransportError(.peerUnknown, "unknown") }
        do {
            let question = try encodeRecord(query)
            let bytes = try encodeRecord(try await service.answer(try decodeRecord(question)))
            return VerificationReply(answer: try decodeRecord(bytes), wireBytes: question.count + bytes.count)
        } catch {
            throw TransportError(.serverError, "\(error)")
        }
    }
}

/// Two regions, and a bucket in the east that replicates to one in the west.
private struct Pair {
    let clock = ManualClock()
    let east: TestRegion
    let west: TestRegion

    init(seed: UInt64 = 1) async throws {
        self.east = TestRegion("us-east-1", clock: self.clock, seed: seed)
        self.west = TestRegion("eu-west-1", clock: self.clock, seed: seed + 1000)
        try await self.east.makeBucket("one")
        try await self.west.makeBucket("two")
        try await self.east.learn("two", of: self.west)
        try await self.west.learn("one", of: self.east)
        try await self.east.replicate("one", to: ["two"])
    }

    func work(_ body: () async throws -> Void) async throws {
        let transport = FaultyTransport(clock: self.clock, seed: 1)
        try await withWorkers([self.east, self.west], transport) { _ in
            try await body()
            try await settle(self.clock) { self.east.pendingOperations == 0 && self.west.pendingOperations == 0 }
        }
    }

    func lane(_ region: TestRegion, _ source: String, _ destination: String) async throws -> LaneID {
        let state = try await region.service.registry.state(source)
        return LaneID(
            sourceBucket: source, sourceBucketID: state.record.bucketID, destinationBucket: destination)
    }

    /// Compares to the end, by ranges so small that a few versions fill several blocks.
    func verify(
        reversed: Bool = false, repairs: Bool = false, ruleID: String? = nil, versionsPerRange: Int = 4,
        rangesPerBlock: Int = 4
    ) async throws -> (findings: [VerificationFinding], verification: BucketVerification) {
        var options = BucketVerification.Options()
        options.versionsPerRange = versionsPerRange
        options.rangesPerBlock = rangesPerBlock
        options.versionsPerStep = 7
        options.repairs = repairs
        options.ruleID = ruleID
        let source = reversed ? self.west : self.east
        var verification = BucketVerification(
            lane: try await self.lane(source, reversed ? "two" : "one", reversed ? "one" : "two"),
            service: source.service, peer: MemoryPeer(self.east, self.west), options: options)
        var findings: [VerificationFinding] = []
        while !verification.isDone { findings += try await verification.step() }
        return (findings, verification)
    }

    /// Changes a row of a version behind the back of its region.
    func tamper(
        _ place: VersionPlace, in bucket: String, of region: TestRegion, _ change: (inout VersionRecord) -> Bool
    ) async throws {
        let state = try await region.service.registry.state(bucket)
        guard
            let version = try await region.service.version(identity: place.version, of: place.key, in: state)
        else {
            Issue.record("nothing to tamper with at \(place)")
            return
        }
        var record = version.record
        var batch = MetadataBatch(partition: state.partition)
        if change(&record) {
            batch.put(version.row, try encodeRecord(record))
        } else {
            batch.delete(version.row)
            let below = KeyRange(prefix: Keyspace.noncurrentPrefix(place.key))
            if version.isLatest, let next = try await region.metadata.scan(below, in: state.partition, limit: 1).first {
                batch.delete(next.key)
                batch.put(version.row, next.value)
            }
        }
        try await region.metadata.commit(batch)
    }
}

private func places(_ region: TestRegion, _ bucket: String) async throws -> [ListedVersion] {
    var query = ListQuery()
    query.limit = 100_000
    let page = try await region.service.listVersions(
        query, from: .beginning, in: region.service.registry.state(bucket))
    return page.entries.compactMap { if case .item(let version) = $0 { version } else { nil } }
}

@Suite("Comparing replicas with their sources")
struct VerificationTests {
    @Test("A bucket of which everything was replicated has nothing to tell, markers and noncurrent versions included")
    func equalBuckets() async throws {
        let pair = try await Pair()
        try await pair.work {
            for number in 0..<90 { try await pair.east.put("k\(number % 40)", in: "one", bytes: [UInt8(number)]) }
            for number in 0..<5 {
                _ = try await pair.east.service.deleteCurrent(try ObjectKey("k\(number)"), in: "one", condition: .none)
            }
        }
        let (findings, verification) = try await pair.verify()
        #expect(findings == [])
        #expect(verification.counts.versions == 95)
        #expect(verification.counts.divergent == 0)
        let (other, _) = try await pair.verify(versionsPerRange: 256, rangesPerBlock: 256)
        #expect(other == [])
    }

    @Test("What the wire carries for equal buckets does not grow with the versions, but with the blocks")
    func costOfEqualBuckets() async throws {
        let pair = try await Pair()
        try await pair.work {
            for number in 0..<2000 { try await pair.east.put("key/\(number)", in: "one", bytes: []) }
        }
        let (findings, verification) = try await pair.verify(versionsPerRange: 256, rangesPerBlock: 256)
        #expect(findings == [])
        #expect(verification.wireBytes < 500, "it was \(verification.wireBytes)")
        #expect(verification.requests == 2)
    }

    @Test("Each kind of damage is found, and named")
    func kinds() async throws {
        let pair = try await Pair()
        try await pair.west.service.setOwnership(.objectWriter, of: "two", owner: "")
        try await pair.work {
            for number in 0..<30 {
                try await pair.east.put(
                    "k\(number)", in: "one", bytes: [UInt8(number)], tags: [Tag(key: "n", value: "\(number)")])
            }
        }
        let replicas = try await places(pair.west, "two").map(\.place).sorted()
        let (west, east) = (pair.west, pair.east)
        try await pair.tamper(replicas[3], in: "two", of: west) { _ in false }
        try await pair.tamper(replicas[5], in: "two", of: west) { record in
            record.byteCount += 1
            return true
        }
        try await pair.tamper(replicas[7], in: "two", of: west) { record in
            record.tags = []
            record.tagsStamp = 1
            return true
        }
        try await pair.tamper(replicas[8], in: "two", of: west) { record in
            record.tags[0].value = "forged"
            return true
        }
        try await pair.tamper(replicas[10], in: "one", of: east) { _ in false }
        _ = try await west.service.deleteVersion(
            .id(replicas[12].version), of: replicas[12].key, in: "two", condition: .none)
        try await pair.tamper(replicas[14], in: "one", of: east) { record in
            record.destinations[0].data = .pending
            return true
        }
        try await pair.tamper(replicas[16], in: "one", of: east) { record in
            record.destinations[0].data = .failed
            record.destinations[0].failureReason = "DstPutObjectNotPermitted"
            return true
        }
        // Without ReplicaModifications a change of a replica stays where it was made.
        _ = try await west.service.setTags(
            [Tag(key: "n", value: "own")], of: .id(replicas[18].version), key: replicas[18].key, in: "two")

        let (findings, verification) = try await pair.verify()
        let found = Dictionary(findings.map { ($0.place, $0) }, uniquingKeysWith: { $1 })
        let expected: [Int: VerificationFinding.Kind] = [
            3: .missing, 5: .content, 7: .metadata, 8: .metadata, 10: .extra, 12: .deletedAtDestination,
            14: .withoutTask, 16: .failed, 18: .changedAtDestination,
        ]
        for (index, place) in replicas.enumerated() where index != 14 {
            #expect(found[place]?.kind == expected[index], "version \(index)")
        }
        #expect(findings.filter { $0.place == replicas[14] }.map(\.kind) == [.pending, .withoutTask])
        #expect(found[replicas[7]]?.attributes == [.tags])
        #expect(found[replicas[16]]?.reason == "DstPutObjectNotPermitted")
        #expect(verification.counts.divergent == 5)
        #expect(verification.counts.pending == 0)
    }

    @Test("Repair queues what is missing or behind, and nothing else; afterwards it is there")
    func repair() async throws {
        let pair = try await Pair()
        try await pair.work {
            for number in 0..<30 { try await pair.east.put("k\(number)", in: "one", bytes: [UInt8(number)]) }
            let key = try ObjectKey("k20")
            _ = try await pair.east.service.setTags([Tag(key: "a", value: "1")], of: nil, key: key, in: "one")
            _ = try await pair.east.service.deleteCurrent(try ObjectKey("k21"), in: "one", condition: .none)
        }
        let replicas = try await places(pair.west, "two")
        let west = pair.west
        let marker = try #require(replicas.first { $0.record.isDeleteMarker })
        let tagged = try #require(replicas.first { !$0.record.tags.isEmpty })
        try await pair.tamper(marker.place, in: "two", of: west) { _ in false }
        try await pair.tamper(tagged.place, in: "two", of: west) { record in
            record.tags = []
            record.tagsStamp = 0
            return true
        }
        let gone = replicas[2].place
        try await pair.tamper(gone, in: "two", of: west) { _ in false }
        let deleted = replicas[4].place
        _ = try await west.service.deleteVersion(.id(deleted.version), of: deleted.key, in: "two", condition: .none)
        try await pair.tamper(replicas[6].place, in: "one", of: pair.east) { record in
            record.destinations[0].data = .pending
            return true
        }

        let (findings, verification) = try await pair.verify(repairs: true)
        #expect(verification.requeued == 4)
        #expect(findings.filter { $0.repair == .queued }.count == 4)
        #expect(pair.east.pendingOperations == 4)
        try await pair.work {}
        let (left, after) = try await pair.verify()
        #expect(left.map(\.kind) == [.deletedAtDestination])
        #expect(after.counts.divergent == 0)
        #expect(try await places(pair.west, "two").count == replicas.count - 1)
    }

    @Test("Repair without the rule says that it is gone, and changes nothing")
    func repairWithoutRule() async throws {
        let pair = try await Pair()
        try await pair.work { try await pair.east.put("k", in: "one", bytes: [1]) }
        let place = try #require(try await places(pair.west, "two").first?.place)
        try await pair.tamper(place, in: "two", of: pair.west) { _ in false }
        try await pair.east.replicate("one", to: ["three"])
        let (findings, _) = try await pair.verify(repairs: true)
        #expect(findings.map(\.repair) == [.ruleIsGone])
        #expect(pair.east.pendingOperations == 0)
    }

    @Test("Changes of replicas are compared by the side that made them, in both directions")
    func bothWays() async throws {
        let pair = try await Pair()
        try await pair.west.replicate("two", to: ["one"])
        try await pair.work {
            for number in 0..<20 {
                try await pair.east.put("e\(number)", in: "one", bytes: [1])
                try await pair.west.put("w\(number)", in: "two", bytes: [2])
            }
        }
        try await pair.work {
            for number in 0..<10 {
                let key = try ObjectKey("e\(number)")
                _ = try await pair.west.service.setTags([Tag(key: "a", value: "1")], of: nil, key: key, in: "two")
            }
        }
        for reversed in [false, true] { #expect(try await pair.verify(reversed: reversed).findings == []) }
        let changed = try #require(try await places(pair.east, "one").first { !$0.record.tags.isEmpty })
        try await pair.tamper(changed.place, in: "one", of: pair.east) { record in
            record.tags = []
            record.tagsStamp = 0
            return true
        }
        #expect(try await pair.verify().findings.map(\.kind) == [.changedAtDestination])
        let (findings, _) = try await pair.verify(reversed: true, repairs: true)
        #expect(findings.map(\.kind) == [.metadata])
        try await pair.work {}
        for reversed in [false, true] { #expect(try await pair.verify(reversed: reversed).findings == []) }
    }

    @Test("A destination that is gone, or whose region is unknown, is an error and not a list of what is missing")
    func destinationGone() async throws {
        let pair = try await Pair()
        try await pair.work { try await pair.east.put("k", in: "one", bytes: [1]) }
        try await pair.east.replicate("one", to: ["nowhere"])
        var verification = BucketVerification(
            lane: try await pair.lane(pair.east, "one", "nowhere"), service: pair.east.service,
            peer: MemoryPeer(pair.west))
        await #expect { _ = try await verification.step() } throws: {
            ($0 as? VerificationError)?.code == .destinationGone
        }
    }

    @Test("It goes on behind its checkpoint, with what was counted before")
    func checkpoint() async throws {
        let pair = try await Pair()
        try await pair.work {
            for number in 0..<60 { try await pair.east.put("k\(number)", in: "one", bytes: [UInt8(number)]) }
        }
        let replicas = try await places(pair.west, "two").map(\.place)
        for index in [1, 58] { try await pair.tamper(replicas[index], in: "two", of: pair.west) { _ in false } }
        var options = BucketVerification.Options()
        options.versionsPerRange = 4
        options.rangesPerBlock = 4
        let lane = try await pair.lane(pair.east, "one", "two")
        let peer = MemoryPeer(pair.west)
        var first = BucketVerification(lane: lane, service: pair.east.service, peer: peer, options: options)
        var findings: [VerificationFinding] = []
        while first.checkpoint == nil { findings += try await first.step() }
        var second = BucketVerification(
            lane: lane, service: pair.east.service, peer: peer, options: options, checkpoint: first.checkpoint,
            counts: first.counts)
        while !second.isDone { findings += try await second.step() }
        #expect(findings.map(\.place) == [replicas[1], replicas[58]])
        #expect(second.counts.versions == 60)
        #expect(second.counts.missing == 2)
    }

    @Test("Random damage: what it finds is what a naive comparison of everything finds", arguments: UInt64(0)..<30)
    func randomDamage(seed: UInt64) async throws {
        let pair = try await Pair(seed: seed * 17 + 3)
        let dice = SeededRandom(seed: seed &+ 99)
        try await pair.work {
            for _ in 0..<120 {
                let name = "k\(dice.next(below: 40))"
                if dice.chance(0.1) {
                    _ = try await pair.east.service.deleteCurrent(try ObjectKey(name), in: "one", condition: .none)
                } else {
                    let tags = dice.chance(0.5) ? [Tag(key: "t", value: "\(dice.next(below: 9))")] : []
                    try await pair.east.put(name, in: "one", bytes: [UInt8(dice.next(below: 250))], tags: tags)
                }
            }
        }
        var missing: Set<VersionPlace> = []
        var extra: Set<VersionPlace> = []
        var metadata: Set<VersionPlace> = []
        var deleted: Set<VersionPlace> = []
        for version in try await places(pair.west, "two") where dice.chance(0.15) {
            let place = version.place
            switch dice.next(below: 4) {
            case 0:
                try await pair.tamper(place, in: "two", of: pair.west) { _ in false }
                missing.insert(place)
            case 1:
                try await pair.tamper(place, in: "one", of: pair.east) { _ in false }
                extra.insert(place)
            case 2 where !version.record.tags.isEmpty:
                try await pair.tamper(place, in: "two", of: pair.west) { record in
                    record.tags[0].value += "!"
                    return true
                }
                metadata.insert(place)
            default:
                _ = try await pair.west.service.deleteVersion(
                    .id(place.version), of: place.key, in: "two", condition: .none)
                deleted.insert(place)
            }
        }
        let (findings, _) = try await pair.verify(
            versionsPerRange: 1 + dice.next(below: 9), rangesPerBlock: 1 + dice.next(below: 5))
        func found(_ kind: VerificationFinding.Kind) -> [VersionPlace] {
            findings.filter { $0.kind == kind }.map(\.place).sorted()
        }
        #expect(found(.missing) == missing.sorted())
        #expect(found(.extra) == extra.sorted())
        #expect(found(.metadata) == metadata.sorted())
        #expect(found(.deletedAtDestination) == deleted.sorted())
        #expect(findings.count == missing.count + extra.count + metadata.count + deleted.count)
    }

    @Test("The sum of digests does not depend on the order, and tells one version from another")
    func digests() {
        var dice = SystemRandomNumberGenerator()
        let prints = (0..<50).map { VersionFingerprint(high: dice.next(), low: .max - UInt64($0)) }
        var forward = RangeDigest()
        var backward = RangeDigest()
        var parts = [RangeDigest(), RangeDigest()]
        for print in prints { forward.add(print) }
        for print in prints.reversed() { backward.add(print) }
        for (index, print) in prints.enumerated() { parts[index % 2].add(print) }
        parts[0].add(parts[1])
        #expect(forward == backward && forward == parts[0])
        backward.add(prints[0])
        #expect(forward != backward)
    }
}
