import TernPolicy
import Testing

@Suite struct CompiledConditionTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var operand: String
        var values: [String]
        var holds: Bool
        var testDescription: String { "\(self.name) \(self.operand) of \(self.values)" }
    }

    /// Of each comparison: an operand, a value that it matches (before negation), and one that it does not.
    static let samples: [(name: String, operand: String, match: String, other: String, isNegated: Bool)] = [
        ("StringEquals", "a*", "a*", "ab", false), ("StringNotEquals", "a", "a", "A", true),
        ("StringEqualsIgnoreCase", "aB", "Ab", "b", false), ("StringNotEqualsIgnoreCase", "aB", "Ab", "b", true),
        ("StringLike", "a*", "ab", "Ab", false), ("StringNotLike", "a?", "ab", "abc", true),
        ("NumericEquals", "1.0", "1", "x", false), ("NumericNotEquals", "1", "01", "2", true),
        ("NumericLessThan", "10", "9", "10", false), ("NumericLessThanEquals", "10", "10", "11", false),
        ("NumericGreaterThan", "10", "11", "10", false), ("NumericGreaterThanEquals", "10", "10", "9", false),
        ("DateEquals", "2026-01-01T00:00:00Z", "1767225600", "1767225601", false),
        ("DateNotEquals", "2026-01-01", "2026-01-01T01:00:00+01:00", "2026-01-02", true),
        ("DateLessThan", "2026-01-01", "2025-12-31", "2026-01-01", false),
        ("DateLessThanEquals", "2026-01-01", "2026-01-01", "2026-01-02", false),
        ("DateGreaterThan", "2026-01-01", "2026-01-02", "2026-01-01", false),
        ("DateGreaterThanEquals", "2026-01-01", "2026-01-01", "x", false),
        ("Bool", "true", "TRUE", "false", false), ("BinaryEquals", "QQ==", "QQ==", "Qg==", false),
        ("IpAddress", "10.0.0.0/8", "10.1.1.1", "::1", false), ("NotIpAddress", "::1", "0:0::1", "::2", true),
        ("ArnEquals", "arn:aws:s3:::b*", "arn:aws:s3:::b/k:x", "arn:aws:s3::b:c", false),
        ("ArnLike", "arn:*:s3:::b", "arn:aws:s3:::b", "b", false),
        ("ArnNotEquals", "arn:aws:s3:::b", "arn:aws:s3:::b", "arn:aws:s3:::c", true),
        ("ArnNotLike", "arn:aws:s3:::?", "arn:aws:s3:::b", "arn:aws:s3:::bb", true),
    ]

    static let rows: [Row] =
        samples.flatMap { sample in
            let (yes, no) = (!sample.isNegated, sample.isNegated)
            var rows: [Row] = []
            func add(_ name: String, _ values: [String], _ holds: Bool) {
                rows.append(Row(name: name, operand: sample.operand, values: values, holds: holds))
            }
            for suffix in ["", "IfExists"] {
                let name = sample.name + suffix
                let ifExists = !suffix.isEmpty
                add(name, [sample.match], yes)
                add(name, [sample.other], no)
                add(name, [sample.match, sample.other], true)
                add(name, [], ifExists || sample.isNegated)
                add("ForAllValues:" + name, [sample.match, sample.match], yes)
                add("ForAllValues:" + name, [sample.other], no)
                add("ForAllValues:" + name, [sample.match, sample.other], false)
                add("ForAllValues:" + name, [], true)
                add("ForAnyValue:" + name, [sample.match], yes)
                add("ForAnyValue:" + name, [sample.other], no)
                add("ForAnyValue:" + name, [sample.match, sample.other], true)
                add("ForAnyValue:" + name, [], ifExists)
            }
            return rows
        } + [
            Row(name: "Null", operand: "true", values: [], holds: true),
            Row(name: "Null", operand: "true", values: ["x"], holds: false),
            Row(name: "Null", operand: "false", values: [], holds: false),
            Row(name: "Null", operand: "false", values: ["x"], holds: true),
            Row(name: "StringEquals", operand: "${aws:username}", values: ["ann"], holds: true),
            Row(name: "StringEquals", operand: "${aws:none}", values: ["ann"], holds: false),
            // IAM User Guide, "Policy variables with no value": negated operators hold of what is not there.
            Row(name: "StringNotEquals", operand: "${aws:none}", values: ["ann"], holds: true),
            Row(name: "StringNotEqualsIgnoreCase", operand: "x${aws:none}", values: ["ann"], holds: true),
            Row(name: "StringLike", operand: "*${aws:none}*", values: ["ann"], holds: false),
            Row(name: "StringNotLike", operand: "*${aws:none}*", values: ["ann"], holds: true),
            Row(name: "ArnNotLike", operand: "${aws:none}", values: ["arn:aws:s3:::b"], holds: true),
            Row(name: "ForAllValues:StringNotEquals", operand: "${aws:none}", values: ["ann", "bob"], holds: true),
            Row(name: "StringLike", operand: "${aws:username}/*", values: ["ann/x"], holds: true),
            Row(name: "ArnEquals", operand: "${aws:arn}", values: ["arn:aws:s3:::b"], holds: true),
        ]

    static func condition(_ name: String, _ values: [String]) throws -> CompiledCondition {
        let found = try #require(ConditionOperator(name: name))
        return try CompiledCondition(.init(operator: found, key: "k", values: values), version: .v2012)
    }

    @Test("POL-10, POL-11, §5.2: every operator, value, absent key, IfExists and set operator", arguments: Self.rows)
    func holds(_ row: Row) throws {
        let context = ["aws:username": ["ann"], "aws:arn": ["arn:aws:s3:::b"], "k": row.values]
        #expect(try Self.condition(row.name, [row.operand]).holds(in: context) == row.holds)
    }

    @Test("Values are OR, of negated operators NOR") func several() throws {
        #expect(try Self.condition("StringEquals", ["a", "b"]).holds(in: ["k": ["b"]]))
        #expect(try !Self.condition("StringNotEquals", ["a", "b"]).holds(in: ["k": ["b"]]))
        #expect(try Self.condition("StringNotEquals", ["a", "b"]).holds(in: ["k": ["c"]]))
    }

    @Test(
        "POL-12: operands of a wrong type",
        arguments: [
            ("Bool", "yes"), ("Null", ""), ("NumericEquals", "x"), ("DateEquals", "today"), ("IpAddress", "10.0.0"),
            ("BinaryEquals", "?"), ("StringLike", "${"), ("DateLessThan", "9999999999999999999"),
        ])
    func wrongType(_ row: (String, String)) {
        #expect(throws: PolicyProblem.self) { try Self.condition(row.0, [row.1]) }
    }
}
