import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

// Changes of what versions have besides their bytes.
extension Client {
    func change(
        _ kind: OperationKind, _ number: Int, _ copy: Copy, _ bucket: String, _ service: ObjectService, value: Int
    ) async throws {
        let key = try ObjectKey(copy.key)
        let reference = copy.record.reference
        switch kind {
        case .acl:
            let list = AccessControlList([AccessGrant(.account("\(value)"), .read)])
            _ = try await service.setACL(list, of: reference, key: key, in: bucket)
        case .retention:
            let until = service.clock.now + .seconds(60 + value * 600)
            _ = try await service.setRetention(
                Retention(mode: .governance, until: until), of: reference, key: key, in: bucket,
                bypassesGovernance: true)
        case .legalHold:
            _ = try await service.setLegalHold(value < 300, of: reference, key: key, in: bucket)
        default:
            var tags = [Tag(key: "v", value: "\(value)")]
            if value % 3 != 0, let tag = self.dice.pick(Scenario.tags) {
                tags.append(Tag(key: tag.key, value: tag.value))
            }
            _ = try await service.setTags(tags, of: reference, key: key, in: bucket)
        }
        self.world.ledger.write { book in
            if book.commitsOf[number] == nil {
                book.report(.durability, "a change of \(copy.id) was acknowledged, and nothing was committed")
            }
        }
    }

    /// The same attribute of one version, in all its buckets at the same moment: by equal clocks, under equal stamps.
    func changeAtOnce() async throws {
        let buckets = self.world.parts.scenario.buckets
        guard let first = self.dice.pick(buckets), let copy = self.someVersion(in: first, markers: false) else {
            return
        }
        let kind = self.dice.pick(weighted: [(6, .tags), (2, .legalHold), (2, OperationKind.acl)]) ?? .tags
        let holders = self.world.ledger.read { book in
            buckets.filter { book.bucket(named: $0.name)?.versions[copy.id] != nil }
        }
        await withDiscardingTaskGroup { group in
            for bucket in holders {
                let value = self.dice.below(1000)
                let number = self.world.nextOperation()
                guard let service = self.world.regions[bucket.region]?.service else { continue }
                group.addTask {
                    await Doer.$current.withValue(.client(number)) {
                        // What it comes to is in the books.
                        try? await self.change(kind, number, copy, bucket.name, service, value: value)
                    }
                }
            }
        }
    }

    /// One attribute of one version, several times without a pause: outcomes of older changes come while newer ones are
    /// made.
    func changeOften(_ bucket: Scenario.Bucket, _ service: ObjectService) async throws {
        guard let copy = self.someVersion(in: bucket, markers: false) else { return }
        let kind = self.dice.pick(weighted: [(6, .tags), (2, .legalHold), (2, OperationKind.acl)]) ?? .tags
        for _ in 0..<(2 + self.dice.below(4)) {
            await self.perform(as: self.world.nextOperation()) { number in
                try await self.change(kind, number, copy, bucket.name, service, value: self.dice.below(1000))
            }
            if self.dice.chance(0.5) { await self.world.parts.timeline.pass(milliseconds: Int64(self.dice.below(6))) }
        }
    }

    /// One attribute of a few versions, over and over while the outcomes of older changes are committed, and while the
    /// answers of those commits come late: so a lane has the outcomes of several changes of one version in its hands,
    /// by readings of the version from before and after other outcomes.
    ///
    /// Nobody waits for the change before, as with many clients.
    func storm(_ bucket: Scenario.Bucket) async {
        var copies: [Copy] = []
        for _ in 0..<(1 + self.dice.below(3)) {
            if let copy = self.someVersion(in: bucket, markers: false) { copies.append(copy) }
        }
        guard !copies.isEmpty, let region = self.world.regions[bucket.region] else { return }
        let kind = self.dice.pick(weighted: [(6, .tags), (2, .legalHold), (2, OperationKind.acl)]) ?? .tags
        let window = self.dice.pick([20, 100, 400]) ?? 100
        region.disk.answerWithin(milliseconds: Int64(self.dice.pick([10, 60, 200]) ?? 60))
        await withDiscardingTaskGroup { group in
            for _ in 0..<(6 + self.dice.below(18)) {
                guard let copy = self.dice.pick(copies) else { continue }
                let number = self.world.nextOperation()
                let value = self.dice.below(1000)
                let start = Int64(self.dice.below(window))
                group.addTask {
                    await self.world.parts.timeline.pass(milliseconds: start)
                    guard let service = region.service else { return }
                    await self.perform(as: number) { number in
                        try await self.change(kind, number, copy, bucket.name, service, value: value)
                    }
                }
            }
        }
        region.disk.answerWithin(milliseconds: 0)
    }
}
