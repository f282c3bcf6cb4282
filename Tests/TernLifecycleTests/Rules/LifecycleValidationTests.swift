import TernCore
import TernLifecycle
import Testing

// Swift Testing has tags too.
private typealias Tag = TernCore.Tag

@Suite("The validation of lifecycle rules")
struct LifecycleValidationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var reason: String
        var rule: LifecycleRule
        var code: String
        var message: String

        var testDescription: String { self.reason }
    }

    private static let everything = LifecycleFilter()

    private static func rule(
        _ filter: LifecycleFilter? = everything, prefix: String? = nil, expiration: LifecycleTime? = nil,
        transitions: [LifecycleRule.Transition] = []
    ) -> LifecycleRule {
        LifecycleRule(
            id: "r", prefix: prefix, filter: filter, expiration: expiration.map { .at($0) }, transitions: transitions)
    }

    private static let noon = Timestamp(seconds: 1_800_000_000)

    static let rows: [Row] = [
        Row(
            reason: "no action", rule: rule(), code: "InvalidRequest",
            message: "At least one action needs to be specified in a rule"),
        Row(
            reason: "a date that is no midnight", rule: rule(expiration: .date(noon)), code: "InvalidArgument",
            message: "'Date' must be at midnight GMT"),
        Row(
            reason: "the same tag key twice",
            rule: rule(
                LifecycleFilter(tags: [Tag(key: "a", value: "1"), Tag(key: "a", value: "2")], isConjunction: true),
                expiration: .days(1)),
            code: "InvalidRequest", message: "Duplicate Tag Keys are not allowed."),
        Row(
            reason: "expiration after no days", rule: rule(expiration: .days(0)), code: "InvalidArgument",
            message: "'Days' for Expiration action must be a positive integer"),
        Row(
            reason: "infrequent access before 30 days",
            rule: rule(transitions: [.init(.days(29), to: .standardIA)]), code: "InvalidArgument",
            message:
                "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'"),
        Row(
            reason: "expiration not after transition",
            rule: rule(
                LifecycleFilter(prefix: "a/"), expiration: .days(5), transitions: [.init(.days(5), to: .glacier)]),
            code: "InvalidArgument",
            message:
                "'Days' in the Expiration action for filter '(prefix=a/)' must be greater than 'Days' in the "
                + "Transition action"),
        Row(
            reason: "date and days mixed",
            rule: rule(
                nil, prefix: "", expiration: .days(5),
                transitions: [.init(.date(Timestamp(seconds: 86_400)), to: .glacier)]),
            code: "InvalidRequest",
            message:
                "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter "
                + "'(prefix=)'"),
        Row(
            reason: "aborting uploads by tag",
            rule: LifecycleRule(
                id: "r", filter: LifecycleFilter(tags: [Tag(key: "a", value: "1")]), abortDaysAfterInitiation: 1),
            code: "InvalidRequest", message: "AbortIncompleteMultipartUpload cannot be specified with Tags"),
        Row(
            reason: "expired markers by size",
            rule: LifecycleRule(
                id: "r", filter: LifecycleFilter(sizeLessThan: 5), expiration: .expiredObjectDeleteMarker(true)),
            code: "InvalidRequest", message: "ExpiredObjectDeleteMarker cannot be specified with ObjectSize"),
        Row(
            reason: "NewerNoncurrentVersions without Filter",
            rule: LifecycleRule(
                id: "r", prefix: "",
                noncurrentExpiration: .init(noncurrentDays: 1, newerNoncurrentVersions: 1)),
            code: "InvalidRequest",
            message: "'NewerNoncurrentVersions' for NoncurrentVersionExpiration action requires a Filter in the rule"),
        Row(
            reason: "an ID of 256 bytes",
            rule: LifecycleRule(
                id: String(repeating: "x", count: 256), filter: everything, expiration: .at(.days(1))),
            code: "InvalidArgument", message: "ID length should not exceed allowed limit of 255"),
    ]

    @Test("§11.3: what S3 refuses", arguments: rows)
    func refusals(_ row: Row) {
        #expect {
            try LifecycleConfiguration.validated(
                [row.rule], minimumSize: .allStorageClasses128K, makeRuleID: { "made" })
        } throws: { error in
            guard let problem = error as? LifecycleProblem else { return false }
            return problem.code == row.code && problem.message == row.message
        }
    }

    @Test("§11.3: IDs are unique, and made where there is none")
    func identifiers() throws {
        let rule = Self.rule(expiration: .days(1))
        #expect(throws: LifecycleProblem.idRepeated) {
            try LifecycleConfiguration.validated(
                [rule, rule], minimumSize: .allStorageClasses128K, makeRuleID: { "made" })
        }
        var nameless = rule
        nameless.id = ""
        let made = try LifecycleConfiguration.validated(
            [nameless], minimumSize: .allStorageClasses128K, makeRuleID: { "made" })
        #expect(made.rules.map(\.id) == ["made"])
    }

    @Test("§11.3: zero days are enough for every class but infrequent access")
    func zeroDays() throws {
        let rule = Self.rule(transitions: [.init(.days(0), to: .glacier), .init(.days(30), to: .onezoneIA)])
        _ = try LifecycleConfiguration.validated(
            [rule], minimumSize: .allStorageClasses128K, makeRuleID: { "made" })
    }

    @Test("§11.3: the header of the minimum size")
    func minimumSize() throws {
        #expect(try TransitionMinimumSize(header: nil) == .allStorageClasses128K)
        #expect(try TransitionMinimumSize(header: "varies_by_storage_class") == .variesByStorageClass)
        #expect(throws: LifecycleProblem.invalidMinimumSize("x")) { try TransitionMinimumSize(header: "x") }
    }
}
