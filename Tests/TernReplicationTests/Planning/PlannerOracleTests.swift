import TernCore
import TernReplication
import Testing

/// Compares the planner with a naive reading of spec §1.3 and §2, over small random worlds.
@Suite struct PlannerOracleTests {
    @Test("C-50 to C-57: the planner agrees with a naive reading of the rules", arguments: UInt64(0)..<64)
    func agrees(seed: UInt64) {
        var random = SplitMix(state: seed)
        for _ in 0..<200 {
            let configuration = random.configuration()
            let change = random.change()
            let plan = ReplicationPlanner.plan(configuration: configuration, change: change)
            let expected = Oracle.replicatingRules(configuration, change)
            #expect(Set(plan.tasks.map(\.ruleID)) == expected, "seed \(seed): \(configuration.rules) \(change)")
            #expect(Set(plan.tasks.map(\.destinationBucket)).count == plan.tasks.count)
            #expect(plan.decisions.count == configuration.rules.count)
            let replicating = plan.decisions.filter { $0.verdict == .replicate }.map(\.ruleID)
            #expect(Set(replicating) == expected)
            var indices: [Int] = []
            ReplicationPlanner.forEachReplicatingRule(of: configuration, change: change) { indices.append($0) }
            #expect(indices.map { configuration.rules[$0].id } == plan.tasks.map(\.ruleID))
            guard configuration.distinctDestinations.count == configuration.rules.count else { continue }
            indices = []
            ReplicationPlanner.forEachReplicatingRule(
                of: configuration, change: change, destinationsDiffer: true
            ) { indices.append($0) }
            #expect(indices.map { configuration.rules[$0].id } == plan.tasks.map(\.ruleID))
        }
    }
}

/// The documented rules, said once more and as plainly as possible: for each destination, all rules that admit the
/// change, sorted; the last one may still say no.
private enum Oracle {
    static func replicatingRules(_ configuration: ReplicationConfiguration, _ change: VersionChange) -> Set<String> {
        var result: Set<String> = []
        for bucket in Set(configuration.rules.map(\.destination.bucket)) {
            var candidates: [ReplicationRule] = []
            for rule in configuration.rules where rule.destination.bucket == bucket && self.selects(rule, change) {
                candidates.append(rule)
            }
            candidates.sort { ($0.priority ?? 0) < ($1.priority ?? 0) }
            if let winner = candidates.last, self.permits(winner, change) { result.insert(winner.id) }
        }
        return result
    }

    static func selects(_ rule: ReplicationRule, _ change: VersionChange) -> Bool {
        guard rule.isEnabled else { return false }
        var prefix = rule.prefix ?? ""
        var wanted: [ObjectTag] = []
        if case .prefix(let text)? = rule.filter { prefix = text }
        if case .tag(let tag)? = rule.filter { wanted = [tag] }
        if case .and(let text, let tags)? = rule.filter {
            prefix = text ?? ""
            wanted = tags
        }
        guard change.key.description.hasPrefix(prefix) else { return false }
        switch change.kind {
        case .deleteMarkerCreated:
            return wanted.isEmpty
        case .created, .attributeChanged:
            for tag in wanted where !change.tags.contains(tag) { return false }
            if change.encryption == .sseKMS || change.encryption == .dsseKMS {
                return rule.sourceSelectionCriteria?.sseKmsEncryptedObjects == true && self.selectsReplica(rule, change)
            }
            return self.selectsReplica(rule, change)
        case .existing:
            // Not among the changes that are drawn here.
            return false
        }
    }

    static func selectsReplica(_ rule: ReplicationRule, _ change: VersionChange) -> Bool {
        guard case .attributeChanged = change.kind, change.isReplica else { return true }
        return rule.sourceSelectionCriteria?.replicaModifications == true
    }

    static func permits(_ rule: ReplicationRule, _ change: VersionChange) -> Bool {
        switch change.kind {
        case .created(let origin):
            return origin == .client && !change.isReplica && !change.isNullVersion
                && ![.glacier, .deepArchive].contains(change.storageClass)
        case .deleteMarkerCreated(let origin):
            let markersGo = rule.filter == nil || rule.deleteMarkerReplication == true
            return origin == .client && !change.isReplica && !change.isNullVersion && markersGo
        case .attributeChanged(let attribute, let origin, let admitted):
            guard origin == .client else { return false }
            let entry = admitted.first { $0.bucket == rule.destination.bucket }
            if attribute == .acl {
                if let entry { return !entry.hadOwnerOverride }
                return change.isReplica && !rule.destination.ownerOverride
            }
            return change.isReplica || entry != nil
        case .existing:
            return false
        }
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[Int(self.next() % UInt64(values.count))] }

    mutating func chance(_ percent: UInt64) -> Bool { self.next() % 100 < percent }

    static let buckets = ["d-1", "d-2", "d-3"].map { BucketName(trusted: $0) }
    static let tags = [
        ObjectTag(key: "a", value: "1"), ObjectTag(key: "a", value: "2"), ObjectTag(key: "b", value: "1"),
    ]

    mutating func tagSet() -> [ObjectTag] {
        var result: [ObjectTag] = []
        for tag in Self.tags where self.chance(40) && !result.contains(where: { $0.key == tag.key }) {
            result.append(tag)
        }
        return result
    }

    mutating func configuration() -> ReplicationConfiguration {
        if self.chance(15) {
            let bucket = self.pick(Self.buckets)
            let rules = ["x/", "y/"].map {
                ReplicationRule(
                    id: $0,
                    isEnabled: self.chance(80),
                    prefix: $0,
                    destination: Destination(bucket: bucket)
                )
            }
            return ReplicationConfiguration(role: role, rules: rules)
        }
        let count = Int(self.next() % 6) + 1
        let priorities = Array(0..<count).shuffled(using: &self)
        return ReplicationConfiguration(role: role, rules: (0..<count).map { self.rule($0, priority: priorities[$0]) })
    }

    mutating func rule(_ index: Int, priority: Int) -> ReplicationRule {
        let tags = self.tagSet()
        let filters: [RuleFilter] = [
            .all, .prefix("x/"), .prefix("x/y"), .tag(self.pick(Self.tags)), .and(prefix: "x/", tags: tags),
            .and(prefix: nil, tags: tags),
        ]
        let flags: [Bool?] = [nil, true, false]
        var destination = Destination(bucket: self.pick(Self.buckets))
        destination.ownerOverride = self.chance(30)
        return ReplicationRule(
            id: "r\(index)",
            priority: priority,
            isEnabled: self.chance(80),
            filter: self.pick(filters),
            deleteMarkerReplication: self.chance(50),
            sourceSelectionCriteria: SourceSelectionCriteria(
                sseKmsEncryptedObjects: self.pick(flags),
                replicaModifications: self.pick(flags)
            ),
            destination: destination
        )
    }

    mutating func change() -> VersionChange {
        let origin = self.pick([VersionChange.Origin.client, .client, .client, .replication, .lifecycle])
        var admitted: [VersionChange.AdmittedDestination] = []
        for bucket in Self.buckets where self.chance(50) {
            admitted.append(.init(bucket: bucket, hadOwnerOverride: self.chance(30)))
        }
        let kinds: [VersionChange.Kind] = [
            .created(origin), .deleteMarkerCreated(origin),
            .attributeChanged(self.pick(VersionChange.Attribute.allCases), origin, admittedDestinations: admitted),
        ]
        return VersionChange(
            kind: self.pick(kinds),
            key: ObjectKey(trusted: Array(self.pick(["x/a", "x/y/a", "y/", "z"]).utf8)),
            tags: self.tagSet(),
            storageClass: self.pick([.standard, .standardIA, .glacierIR, .glacier, .deepArchive]),
            encryption: self.pick(VersionChange.Encryption.allCases),
            isReplica: self.chance(30),
            isNullVersion: self.chance(10)
        )
    }
}
