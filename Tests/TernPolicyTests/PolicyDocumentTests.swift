import TernCore
import TernPolicy
import Testing

@Suite struct PolicyDocumentTests {
    static func document(_ json: String, _ kind: PolicyDocument.Kind = .identity) throws(PolicyProblem)
        -> PolicyDocument
    {
        try PolicyDocument(json: Array(json.utf8), kind: kind)
    }

    static func statement(_ elements: String) -> String {
        #"{"Version":"2012-10-17","Statement":{\#(elements)}}"#
    }

    static let allow = #""Effect":"Allow","Action":"s3:GetObject""#
    static let everything = #""Resource":"*""#

    @Test("POL-1: a missing Version is 2008-10-17; one statement needs no list") func versions() throws {
        let policy = try Self.document(#"{"Id":"p","Statement":{\#(Self.allow),\#(Self.everything)}}"#)
        #expect(policy.version == .v2008)
        #expect(policy.id == "p")
        #expect(policy.statements.count == 1)
        #expect(try Self.document(Self.statement("\(Self.allow),\(Self.everything)")).version == .v2012)
    }

    @Test("POL-2: strings and lists; Not… elements; conditions with keys in lower case") func elements() throws {
        let policy = try Self.document(
            Self.statement(
                #""Sid":"a","Effect":"Deny","NotAction":["s3:Get*","iam:*"],"NotResource":["arn:aws:s3:::b/*"],"#
                    + #""NotPrincipal":{"AWS":["111122223333","arn:aws:iam::111122223333:user/p/u"]},"#
                    + #""Condition":{"ForAnyValue:StringLikeIfExists":{"aws:TagKeys":["a",1,true]}}"#
            ),
            .bucket
        )
        let statement = try #require(policy.statements.first)
        #expect(statement.id == "a")
        #expect(statement.effect == .deny)
        #expect(statement.actions == .init(isNegated: true, values: ["s3:Get*", "iam:*"]))
        #expect(statement.resources == .init(isNegated: true, values: ["arn:aws:s3:::b/*"]))
        let account = try #require(AccountID("111122223333"))
        let principals: [PolicyPrincipal] = [.account(account), .user(arn: "arn:aws:iam::111122223333:user/p/u")]
        #expect(statement.principals == .init(isNegated: true, values: principals))
        let condition = try #require(statement.conditions.first)
        #expect(condition.key == "aws:tagkeys")
        #expect(condition.values == ["a", "1", "true"])
        #expect(condition.operator.comparison == .stringLike)
        #expect(condition.operator.quantifier == .any)
        #expect(condition.operator.ifExists)
    }

    @Test("Empty statement IDs, as Terraform writes them, are no IDs that stand twice") func emptyIDs() throws {
        let statement = #"{"Sid":"",\#(Self.allow),\#(Self.everything)}"#
        #expect(try Self.document(#"{"Statement":[\#(statement),\#(statement)]}"#).statements.count == 2)
    }

    struct Malformed: Sendable, CustomTestStringConvertible {
        var json: String
        var kind: PolicyDocument.Kind = .identity
        var problem: PolicyProblem
        var testDescription: String { self.json }
    }

    static let malformedPolicies: [Malformed] = [
        Malformed(json: "", problem: .notJSON),
        Malformed(json: "[]", problem: .invalidValue(element: "Policy", value: "[…]")),
        Malformed(json: "{}", problem: .missingElement("Statement")),
        Malformed(json: #"{"Statement":[]}"#, problem: .missingElement("Statement")),
        Malformed(json: #"{"Statement":[],}"#, problem: .notJSON),
        Malformed(json: #"{"Statement":[]} x"#, problem: .notJSON),
        Malformed(json: #"{"Id":"a","Id":"a"}"#, problem: .duplicateKey("Id")),
        Malformed(json: #"{"Id":"a","\u0049d":"a"}"#, problem: .duplicateKey("Id")),
        Malformed(json: #"{"Id":1,"Statement":[]}"#, problem: .invalidValue(element: "Id", value: "1")),
        Malformed(json: #"{"id":"a"}"#, problem: .unexpectedElement("id")),
        Malformed(
            json: #"{"Version":"2012-10-18","Statement":[]}"#,
            problem: .invalidValue(element: "Version", value: "2012-10-18")),
        Malformed(json: statement(#""Action":"*","Resource":"*""#), problem: .missingElement("Effect")),
        Malformed(
            json: statement(#""Effect":"allow","Action":"*","Resource":"*""#),
            problem: .invalidValue(element: "Effect", value: "allow")),
        Malformed(json: statement(#""Effect":"Allow","Resource":"*""#), problem: .missingElement("Action")),
        Malformed(
            json: statement(#""Effect":"Allow","Action":[],"Resource":"*""#), problem: .missingElement("Action")),
        Malformed(
            json: statement(#"\#(allow),"NotAction":"*","Resource":"*""#),
            problem: .conflictingElements("Action", "NotAction")),
        Malformed(json: statement(allow), problem: .missingElement("Resource")),
        Malformed(
            json: statement(#""Effect":"Allow","Action":"GetObject","Resource":"*""#),
            problem: .invalidValue(element: "Action", value: "GetObject")),
        Malformed(
            json: statement(#"\#(allow),"Resource":"bucket""#),
            problem: .invalidValue(element: "Resource", value: "bucket")),
        Malformed(
            json: statement(#"\#(allow),\#(everything),"Principal":"*""#), problem: .unexpectedElement("Principal")),
        Malformed(json: statement("\(allow),\(everything)"), kind: .bucket, problem: .missingElement("Principal")),
        Malformed(json: statement("\(allow),\(everything)"), kind: .key, problem: .missingElement("Principal")),
        Malformed(
            json: statement(#"\#(allow),\#(everything),"Principal":"*""#), kind: .trust,
            problem: .unexpectedElement("Resource")),
        Malformed(
            json: statement(#"\#(allow),\#(everything),"Condition":{"StringIs":{}}"#),
            problem: .unknownOperator("StringIs")),
        Malformed(
            json: statement(#"\#(allow),\#(everything),"Condition":{"NullIfExists":{}}"#),
            problem: .unknownOperator("NullIfExists")),
        Malformed(
            json: statement(#"\#(allow),\#(everything),"Condition":{"Bool":{"a":"true","A":"true"}}"#),
            problem: .duplicateKey("A")),
        Malformed(
            json: #"{"Statement":[{"Sid":"x",\#(allow),\#(everything)},{"Sid":"x",\#(allow),\#(everything)}]}"#,
            problem: .duplicateStatementID("x")),
        Malformed(json: String(repeating: "[", count: 100_000), problem: .tooDeep(limit: 16)),
        Malformed(
            json: String(repeating: " ", count: 20_481), kind: .bucket, problem: .tooLarge(limit: 20_480)),
        Malformed(
            json: String(repeating: " ", count: 32_769), kind: .key, problem: .tooLarge(limit: 32_768)),
    ]

    @Test("POL-1, POL-2, POL-7, POL-12: malformed policies", arguments: Self.malformedPolicies)
    func malformed(_ row: Malformed) {
        #expect(throws: row.problem) { try Self.document(row.json, row.kind) }
    }

    @Test(
        "Strict JSON",
        arguments: [
            #""\x""#, #""\ud800""#, #""\udc00""#, #""\ud800\u0041""#, "\"\n\"", "01", "1.", "-", "1e", "tru", "NaN",
            "'a'", "\"", "{\"a\"}", "{\"a\":1,}", "[1,]", "[1 2]", "/**/1",
        ])
    func strictJSON(_ value: String) {
        #expect {
            try Self.document(#"{"Id":\#(value)}"#)
        } throws: { error in
            guard case .notJSON? = error as? PolicyProblem else { return false }
            return true
        }
    }

    @Test("Escapes and pairs of surrogates") func escapes() throws {
        let policy = try Self.document(
            #"{"Id":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","Statement":{\#(Self.allow),"Resource":"*"}}"#)
        #expect(policy.id == "\"\\/\u{08}\u{0C}\n\r\té😀")
    }

    @Test("POL-2: bytes that are no UTF-8 are no policy") func invalidUTF8() {
        let json = Array(#"{"Id":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
        #expect(throws: PolicyProblem.notJSON) { try PolicyDocument(json: json, kind: .identity) }
    }

    @Test("A damaged policy is read or refused, with any byte changed") func fuzz() {
        let valid = Array(
            Self.statement(
                #"\#(Self.allow),\#(Self.everything),"Principal":{"AWS":["*","111122223333"],"Service":"s3.amazonaws.com"},"#
                    + #""Condition":{"StringLike":{"s3:prefix":["a\u00e9*"]},"Null":{"x":true},"NumericEquals":{"y":-1.5}}"#
            ).utf8)
        var random = SeededGenerator(seed: 7)
        var refused = 0
        for _ in 0..<20_000 {
            var json = valid
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                json[Int.random(in: 0..<json.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { json.removeLast(Int.random(in: 0..<json.count, using: &random)) }
            do throws(PolicyProblem) {
                _ = try PolicyDocument(json: json, kind: .bucket)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 0)
    }
}
