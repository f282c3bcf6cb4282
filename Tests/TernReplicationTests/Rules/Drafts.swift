import TernCore
import TernReplication

/// Swift Testing has a `Tag` of its own.
typealias ObjectTag = Tag
typealias Draft = ReplicationConfigurationDraft

let role = "arn:aws:iam::111111111111:role/repl"
let keyARN = "arn:aws:kms:us-west-2:222222222222:key/1234abcd"

extension BucketName {
    static let source = BucketName(trusted: "src")
    static let dst = BucketName(trusted: "dst")
    static let other = BucketName(trusted: "other")
}

extension Draft.Rule {
    /// A V2 rule that is accepted as it is.
    static func v2(priority: String = "1", _ change: (inout Draft.Rule) -> Void = { _ in }) -> Draft.Rule {
        var rule = Draft.Rule()
        rule.id = "r\(priority)"
        rule.priority = priority
        rule.status = "Enabled"
        rule.filter = Draft.Filter()
        rule.deleteMarkerReplication = .init(status: "Disabled")
        rule.destination = .to("arn:aws:s3:::dst")
        change(&rule)
        return rule
    }

    /// A V1 rule that is accepted as it is.
    static func v1(id: String = "v1", prefix: String = "", _ change: (inout Draft.Rule) -> Void = { _ in })
        -> Draft.Rule
    {
        var rule = Draft.Rule()
        rule.id = id
        rule.status = "Enabled"
        rule.prefix = prefix
        rule.destination = .to("arn:aws:s3:::dst")
        change(&rule)
        return rule
    }

    mutating func setFilter(_ change: (inout Draft.Filter) -> Void) {
        var filter = Draft.Filter()
        change(&filter)
        self.filter = filter
    }

    mutating func setDestination(_ change: (inout Draft.Destination) -> Void) {
        var destination = Draft.Destination.to("arn:aws:s3:::dst")
        change(&destination)
        self.destination = destination
    }

    mutating func setCriteria(sseKMS: String? = nil, replicas: String? = nil) {
        var criteria = Draft.Criteria()
        criteria.sseKmsEncryptedObjects = sseKMS.map { .init(status: $0) }
        criteria.replicaModifications = replicas.map { .init(status: $0) }
        self.sourceSelectionCriteria = criteria
    }
}

extension Draft.Destination {
    static func to(_ arn: String?) -> Draft.Destination {
        var destination = Draft.Destination()
        destination.bucket = arn
        return destination
    }

    mutating func setTime(_ status: String?, minutes: String?? = .some("15")) {
        self.replicationTime = .init(status: status, time: minutes.map { .init(minutes: $0) })
    }

    mutating func setMetrics(_ status: String?, threshold: String?? = .none) {
        self.metrics = .init(status: status, eventThreshold: threshold.map { .init(minutes: $0) })
    }
}

extension Draft {
    static func with(_ rules: Draft.Rule...) -> Draft {
        Draft(role: TernReplicationTests.role, rules: rules)
    }

    func problem(partition: String = "aws") -> ConfigurationProblem? {
        do throws(ConfigurationProblem) {
            _ = try self.validated(sourceBucket: .source, partition: partition, makeRuleID: { "generated" })
            return nil
        } catch {
            return error
        }
    }
}
