/// The world of one seed: its regions, buckets and what may happen in it.
struct Scenario: Sendable {
    struct Bucket: Sendable {
        var name: String
        var region: String
        var owner: String
        var hasObjectLock: Bool
        /// Whether ACLs are in force in it.
        var hasACLs: Bool
    }

    var regions: [String]
    var buckets: [Bucket]
    var clientCount: Int
    var operationCount: Int
    /// What may go wrong in this world; each kind in about half of them, so that each is also seen alone.
    var hasCrashes: Bool
    var hasBadNetwork: Bool
    var hasPartitions: Bool
    var hasBadDisks: Bool
    var hasClockTrouble: Bool
    var hasPermissionChanges: Bool
    var hasConfigurationChanges: Bool
    var hasBucketDeletion: Bool
    var hasEncryption: Bool
    /// Both ways between all buckets, with everything enabled: where all has to come to be the same everywhere.
    var isMesh: Bool
    var order: JobQueue.Order
    /// Whether clients change a few versions over and over, while the disk answers late.
    var hasStorms: Bool

    static let accounts = ["111111111111", "222222222222"]
    static let keys = ["a/1", "a/2", "b/1", "b/2", "c"]
    static let prefixes = ["", "a/", "b/", "a/1"]
    static let tags = [TagModel(key: "k", value: "1"), TagModel(key: "k", value: "2"), TagModel(key: "m", value: "1")]

    init(dice: Dice, operations: Int) {
        let count = 2 + dice.below(3)
        self.regions = Array(["us-east-1", "eu-west-1", "ap-south-1", "sa-east-1"].prefix(count))
        self.isMesh = dice.chance(0.35)
        self.buckets = []
        let hasObjectLock = dice.chance(0.5)
        let hasACLs = dice.chance(0.5)
        for (index, region) in self.regions.enumerated() {
            let bucketCount = self.isMesh || dice.chance(0.6) ? 1 : 2
            for number in 0..<bucketCount {
                self.buckets.append(
                    Bucket(
                        name: "bucket-\(index)-\(number)", region: region,
                        owner: self.isMesh || dice.chance(0.8) ? Self.accounts[0] : Self.accounts[1],
                        hasObjectLock: hasObjectLock && (self.isMesh || dice.chance(0.8)),
                        hasACLs: hasACLs && (self.isMesh || dice.chance(0.8))))
            }
        }
        self.clientCount = 1 + dice.below(4)
        self.operationCount = operations
        self.hasCrashes = dice.chance(0.5)
        self.hasBadNetwork = dice.chance(0.6)
        self.hasPartitions = dice.chance(0.4)
        self.hasBadDisks = dice.chance(0.4)
        self.hasClockTrouble = dice.chance(0.4)
        self.hasPermissionChanges = !self.isMesh && dice.chance(0.3)
        self.hasConfigurationChanges = !self.isMesh && dice.chance(0.6)
        self.hasBucketDeletion = !self.isMesh && dice.chance(0.2)
        self.hasEncryption = dice.chance(0.3)
        self.order = JobQueue.Order.allCases[dice.below(JobQueue.Order.allCases.count)]
        self.hasStorms = dice.chance(0.2)
    }
}

// MARK: Random configurations

extension Scenario {
    func configuration(for bucket: Bucket, dice: Dice) -> ConfigurationModel {
        let role = SimulatedAccess.roleARN("replication-of-\(bucket.name)")
        let others = self.buckets.filter { $0.name != bucket.name }
        if self.isMesh { return ConfigurationModel(role: role, rules: self.meshRules(to: others)) }
        if dice.chance(0.25), let other = dice.pick(others) {
            return ConfigurationModel(role: role, rules: self.rulesV1(to: other, dice: dice))
        }
        var rules: [RuleModel] = []
        let count = 1 + dice.below(4)
        var priorities = Array(0..<10)
        for index in 0..<count {
            guard let other = dice.pick(others) else { break }
            var rule = RuleModel(id: "rule-\(index)", destination: other.name)
            rule.priority = priorities.remove(at: dice.below(priorities.count))
            rule.isEnabled = dice.chance(0.85)
            rule.prefix = dice.chance(0.5) ? "" : dice.pick(Self.prefixes) ?? ""
            if dice.chance(0.3), let tag = dice.pick(Self.tags) { rule.tags = [tag] }
            if !rule.tags.isEmpty, dice.chance(0.3) {
                rule.tags = [TagModel(key: "k", value: "1"), TagModel(key: "m", value: "1")]
            }
            rule.replicatesDeleteMarkers = rule.tags.isEmpty && dice.chance(0.6)
            if dice.chance(0.6) { rule.replicaModifications = dice.chance(0.8) }
            self.finish(&rule, to: other, dice: dice)
            rules.append(rule)
        }
        return ConfigurationModel(role: role, rules: rules)
    }

    private func meshRules(to others: [Bucket]) -> [RuleModel] {
        others.enumerated().map { index, other in
            var rule = RuleModel(id: "rule-\(index)", destination: other.name)
            rule.priority = index
            rule.replicatesDeleteMarkers = true
            rule.replicaModifications = true
            if self.hasEncryption {
                rule.kmsObjects = true
                rule.replicaKey = SimulatedKeys.arn(region: other.region, number: 1)
            }
            return rule
        }
    }

    /// One destination, prefixes that do not overlap.
    private func rulesV1(to other: Bucket, dice: Dice) -> [RuleModel] {
        let prefixes = dice.chance(0.5) ? [""] : ["a/", "b/"]
        return prefixes.enumerated().map { index, prefix in
            var rule = RuleModel(id: "rule-\(index)", destination: other.name)
            rule.isV1 = true
            rule.prefix = prefix
            rule.isEnabled = dice.chance(0.9)
            self.finish(&rule, to: other, dice: dice)
            rule.hasReplicationTimeControl = false
            return rule
        }
    }

    private func finish(_ rule: inout RuleModel, to other: Bucket, dice: Dice) {
        if dice.chance(0.2) { rule.storageClass = "STANDARD_IA" }
        if dice.chance(0.2) {
            rule.account = dice.chance(0.95) ? other.owner : Self.accounts[1]
            rule.ownerOverride = dice.chance(0.6)
        }
        if self.hasEncryption, dice.chance(0.7) {
            rule.kmsObjects = dice.chance(0.8)
            rule.replicaKey = SimulatedKeys.arn(region: other.region, number: 1)
        }
        rule.hasReplicationTimeControl = dice.chance(0.2)
    }
}
