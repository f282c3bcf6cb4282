import TernPolicy
import Testing

@Suite struct ResourcePatternTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var pattern: String
        var arn: String
        var matches: Bool
        var version = PolicyDocument.Version.v2012
        var testDescription: String { "\(self.pattern) on \(self.arn)" }
    }

    static let keys = ["aws:username": ["ann"], "aws:userid": ["a*"]]

    static let rows: [Row] = [
        Row(pattern: "*", arn: "arn:aws:s3:::b", matches: true),
        Row(pattern: "*", arn: "*", matches: true),
        Row(pattern: "arn:aws:s3:::b", arn: "arn:aws:s3:::b", matches: true),
        Row(pattern: "arn:aws:s3:::b", arn: "arn:aws:s3:::B", matches: false),
        Row(pattern: "arn:aws:s3:::b", arn: "arn:aws:s3:::b/k", matches: false),
        Row(pattern: "arn:aws:s3:::b/*", arn: "arn:aws:s3:::b/a/b:c", matches: true),
        Row(pattern: "arn:aws:s3:::b/*", arn: "arn:aws:s3:::b", matches: false),
        Row(pattern: "arn:aws:s3:::*", arn: "arn:aws:s3:::b/k", matches: true),
        Row(pattern: "arn:aws:s3:*:*:job/1", arn: "arn:aws:s3:eu:111122223333:job/1", matches: true),
        Row(pattern: "arn:aws:s3*:::b", arn: "arn:aws:s3:x:y:b", matches: false),
        Row(pattern: "arn:*:::b:k", arn: "arn:aws:s3:::b", matches: false),
        Row(pattern: "arn:aws:s3:::b/?", arn: "arn:aws:s3:::b/k", matches: true),
        Row(pattern: "arn:aws:s3:::b/?", arn: "arn:aws:s3:::b/kk", matches: false),
        Row(pattern: "arn:aws:s3:::b/${aws:username}/*", arn: "arn:aws:s3:::b/ann/k", matches: true),
        Row(pattern: "arn:aws:s3:::b/${AWS:UserName}/*", arn: "arn:aws:s3:::b/ann/k", matches: true),
        Row(pattern: "arn:aws:s3:::b/${aws:username}/*", arn: "arn:aws:s3:::b/bob/k", matches: false),
        Row(pattern: "arn:aws:s3:::b/${aws:userid}", arn: "arn:aws:s3:::b/abc", matches: false),
        Row(pattern: "arn:aws:s3:::b/${aws:userid}", arn: "arn:aws:s3:::b/a*", matches: true),
        Row(pattern: "arn:aws:s3:::b/${aws:x}", arn: "arn:aws:s3:::b/", matches: false),
        Row(pattern: "arn:aws:s3:::b/${aws:x}*", arn: "arn:aws:s3:::b/k", matches: false),
        Row(pattern: "arn:aws:s3:::b/${aws:x, 'd}*'}", arn: "arn:aws:s3:::b/d}*", matches: true),
        Row(pattern: "arn:aws:s3:::b/${aws:x, 'd*'}", arn: "arn:aws:s3:::b/dd", matches: false),
        Row(pattern: "arn:aws:s3:::b/${aws:username, 'd'}", arn: "arn:aws:s3:::b/ann", matches: true),
        Row(pattern: "arn:aws:s3:::b/${*}", arn: "arn:aws:s3:::b/*", matches: true),
        Row(pattern: "arn:aws:s3:::b/${*}", arn: "arn:aws:s3:::b/k", matches: false),
        Row(pattern: "arn:aws:s3:::b/${?}", arn: "arn:aws:s3:::b/k", matches: false),
        Row(pattern: "arn:aws:s3:::b/${$}{x}", arn: "arn:aws:s3:::b/${x}", matches: true),
        Row(pattern: "arn:aws:s3:::b/$x", arn: "arn:aws:s3:::b/$x", matches: true),
        Row(
            pattern: "arn:aws:s3:::b/${aws:username}", arn: "arn:aws:s3:::b/${aws:username}", matches: true,
            version: .v2008),
        Row(pattern: "arn:aws:s3:::b/${aws:username}", arn: "arn:aws:s3:::b/ann", matches: false, version: .v2008),
    ]

    @Test("POL-1, POL-4 and the variables of §5.3", arguments: Self.rows)
    func matches(_ row: Row) throws {
        let pattern = try ResourcePattern(row.pattern, version: row.version)
        #expect(pattern.matches(row.arn, Self.keys) == row.matches)
    }

    @Test("A variable that is none is refused", arguments: ["${", "${aws:x", "${}", "${a,b}", "${a,'b}", "${a,'b'c}"])
    func malformedVariable(_ text: String) throws {
        let arn = "arn:aws:s3:::b/" + text
        #expect(throws: PolicyProblem.self) { try ResourcePattern(arn, version: .v2012) }
        #expect(try ResourcePattern(arn, version: .v2008).matches(arn, [:]))
        #expect(throws: PolicyProblem.self) {
            try PolicyDocumentTests.document(
                PolicyDocumentTests.statement(#"\#(PolicyDocumentTests.allow),"Resource":"\#(arn)""#))
        }
    }
}
