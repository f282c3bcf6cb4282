import TernCore
import TernObjects
import TernRecords
import TernReplicationWorkers
import TernS3Protocol
import TernTestSupport
import Testing

/// What clients did, and what must hold in the end: kept apart from the code that replicates.
private struct Model {
    /// Versions that exist at each side by a client's doing, by key.
    var created: [String: Set<VersionIdentity>] = [:]
    /// Versions that a client deleted by their ID, at either side.
    var deleted: Set<VersionIdentity> = []
}

@Suite("Convergence under faults")
struct ConvergenceTests {
    @Test(
        "Whatever fails, in whatever order, both sides come to hold the same, and nothing is left pending",
        arguments: UInt64(0)..<40)
    func bothSidesConverge(seed: UInt64) async throws {
        let clock = ManualClock()
        let dice = SeededRandom(seed: seed &* 7919 &+ 13)
        var east = TestRegion("us-east-1", clock: clock, seed: seed + 1)
        var west = TestRegion("eu-west-1", clock: clock, seed: seed + 500_000)
        try await east.makeBucket("one")
        try await west.makeBucket("two")
        try await east.learn("two", of: west)
        try await west.learn("one", of: east)
        try await east.replicate("one", to: ["two"])
        try await west.replicate("two", to: ["one"])
        for (service, bucket) in [(east.service, "one"), (west.service, "two")] {
            try await service.setObjectLock(ObjectLockConfiguration(), of: bucket)
            try await service.setOwnership(.objectWriter, of: bucket, owner: "")
        }
        let faults = FaultyTransport.Faults(
            dropsRequest: 0.1, dropsAnswer: 0.1, doubles: 0.1, delay: .milliseconds(300))
        var model = Model()

        for round in 0..<4 {
            let transport = FaultyTransport(clock: clock, seed: seed * 31 + UInt64(round), faults: faults)
            let (first, second) = (east, west)
            model = try await self.play(first, second, transport, dice: dice, clock: clock, model: model)
            // The workers were cancelled in the middle of what they were doing: as in a crash, only the stores remain.
            east = east.restarted()
            west = west.restarted()
        }
        let (first, second) = (east, west)
        let transport = FaultyTransport(clock: clock, seed: seed, faults: faults)
        try await withWorkers([first, second], transport) { _ in
            try await settle(clock) { first.pendingOperations == 0 && second.pendingOperations == 0 }
        }
        try await self.check(first, second, model)
    }

    /// Random operations at both sides, while the workers work.
    private func play(
        _ east: TestRegion, _ west: TestRegion, _ transport: FaultyTransport, dice: SeededRandom, clock: ManualClock,
        model: Model
    ) async throws -> Model {
        var model = model
        try await withWorkers([east, west], transport) { _ in
            for _ in 0..<25 {
                let isEast = dice.chance(0.5)
                let (region, bucket) = isEast ? (east, "one") : (west, "two")
                let name = "key\(dice.next(below: 6))"
                let key = try ObjectKey(name)
                switch dice.next(below: 10) {
                case 0..<5:
                    let size = [0, 10, 5000, 40_000, 300_000][dice.next(below: 5)]
                    let byte = UInt8(truncatingIfNeeded: dice.next())
                    let record = try await region.put(name, in: bucket, bytes: [UInt8](repeating: byte, count: size))
                    model.created[name, default: []].insert(record.id)
                case 5:
                    let marker = try await region.service.deleteCurrent(key, in: bucket, condition: .none)
                    if case .id(let id)? = marker.version {
                        model.created[name, default: []].insert(VersionIdentity(id))
                    }
                case 6, 7:
                    let stack = try await region.stack(name, in: bucket).filter { !$0.isDeleteMarker }
                    guard !stack.isEmpty else { continue }
                    let chosen = stack[dice.next(below: stack.count)]
                    do {
                        try await self.change(chosen.reference, of: key, in: bucket, of: region, dice: dice)
                    } catch let error as S3Error where error.code == "NoSuchVersion" {
                        continue
                    }
                case 8:
                    let stack = try await region.stack(name, in: bucket)
                    guard !stack.isEmpty else { continue }
                    let chosen = stack[dice.next(below: stack.count)]
                    do {
                        _ = try await region.service.deleteVersion(
                            chosen.reference, of: key, in: bucket, condition: .none)
                    } catch let error as S3Error where error == .protectedByObjectLock {
                        continue
                    }
                    model.deleted.insert(chosen.id)
                default:
                    try await pass(.milliseconds(Int64(dice.next(below: 2000))), clock)
                }
            }
        }
        return model
    }

    /// One of the attributes that are registers without exception.
    private func change(
        _ version: VersionReference, of key: ObjectKey, in bucket: String, of region: TestRegion, dice: SeededRandom
    ) async throws {
        let service = region.service
        switch dice.next(below: 4) {
        case 0, 1:
            let tags = [Tag(key: "n", value: "\(dice.next(below: 1000))")]
            _ = try await service.setTags(tags, of: version, key: key, in: bucket)
        case 2:
            _ = try await service.setLegalHold(dice.chance(0.5), of: version, key: key, in: bucket)
        default:
            let list = AccessControlList([AccessGrant(.account("\(dice.next(below: 1000))"), .read)])
            _ = try await service.setACL(list, of: version, key: key, in: bucket)
        }
    }

    private func check(_ east: TestRegion, _ west: TestRegion, _ model: Model) async throws {
        for (name, created) in model.created {
            let one = try await east.stack(name, in: "one")
            let two = try await west.stack(name, in: "two")
            #expect(one.map(\.versionID) == one.map(\.versionID).sorted(by: >), "newest first")
            #expect(two.map(\.versionID) == two.map(\.versionID).sorted(by: >), "newest first")
            let kept = created.subtracting(model.deleted)
            #expect(Set(one.map(\.id)).subtracting(model.deleted) == kept, "all that nobody deleted is in the east")
            #expect(Set(two.map(\.id)).subtracting(model.deleted) == kept, "all that nobody deleted is in the west")
            let others = Dictionary(uniqueKeysWithValues: two.map { ($0.id, $0) })
            for version in one {
                if let other = others[version.id] {
                    #expect(version.etag == other.etag)
                    #expect(version.byteCount == other.byteCount)
                    #expect(version.isReplica != other.isReplica)
                    #expect(version.tags == other.tags)
                    #expect(version.legalHold == other.legalHold)
                    #expect(version.hasAcl == other.hasAcl && version.acl == other.acl)
                    let bytes = try await east.body(of: version, in: "one")
                    #expect(try await west.body(of: other, in: "two") == bytes)
                }
                try self.checkStatus(version, model)
            }
            for version in two { try self.checkStatus(version, model) }
        }
        #expect(try await east.rowCount(.task, in: "one") == 0)
        #expect(try await west.rowCount(.task, in: "two") == 0)
    }

    /// Only what was deleted by its ID at the other side may have failed, and only its tags.
    private func checkStatus(_ version: VersionRecord, _ model: Model) throws {
        for state in version.destinations {
            #expect(state.data == (version.isReplica ? .none : .completed))
            if model.deleted.contains(version.id) {
                #expect(state.tags != .pending)
            } else {
                #expect(state.tags == .none || state.tags == .completed)
            }
        }
    }
}
