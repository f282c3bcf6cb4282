import Foundation
import TernCore
import TernPolicy
import Testing

/// Whatever bytes come as a policy: they are read or refused, and what is read can be asked, in bounded time.
///
/// `TERN_POLICY_FUZZ=1000000` looks further; `TERN_POLICY_SEED=N TERN_POLICY_FUZZ=1` repeats one case.
@Suite struct PolicyFuzzTests {
    private static func cases(_ usual: Int) -> Range<UInt64> {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["TERN_POLICY_SEED"].flatMap { UInt64($0) } ?? 1
        return first..<(first + UInt64(environment["TERN_POLICY_FUZZ"].flatMap { Int($0) } ?? usual))
    }

    /// Processor time of this thread: others may have the machine meanwhile.
    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static let requests: [PolicyRequest] = {
        var generator = PolicyGenerator(seed: 3)
        var requests = PolicyGenerator.callers.map { generator.request($0, owner: PolicyGenerator.own) }
        // The longest key, and values of the size of a header.
        requests.append(
            PolicyRequest(
                caller: PolicyGenerator.callers[1], action: "s3:ListBucket",
                resource: "arn:aws:s3:::b/" + String(repeating: "a", count: 1024), resourceAccount: PolicyGenerator.own,
                context: [
                    "s3:prefix": [String(repeating: "a", count: 8192)],
                    "aws:username": [String(repeating: "*", count: 64)],
                    "aws:tagkeys": (0..<50).map { "a\($0)" }, "s3:max-keys": [String(repeating: "9", count: 8192)],
                    "aws:sourcearn": [String(repeating: ":", count: 8192)],
                ]))
        return requests
    }()

    /// Reads, compiles and asks; `nil` if the bytes are refused.
    @discardableResult
    private static func use(_ json: [UInt8], _ kind: PolicyDocument.Kind) throws -> Int? {
        let document: PolicyDocument
        do throws(PolicyProblem) {
            document = try PolicyDocument(json: json, kind: kind)
        } catch {
            return nil
        }
        // What was read must compile.
        let compiled = try CompiledPolicy(document, name: "p")
        #expect(compiled.isPublic == document.isPublic)
        if kind == .bucket { _ = document.problem(asPolicyOf: "bucket") }
        var allowed = 0
        for request in self.requests {
            let evaluation =
                kind == .identity
                ? PolicyEvaluation(identity: [compiled])
                : PolicyEvaluation(resource: compiled, resourceRole: kind == .bucket ? .optional : .required)
            if evaluation.decide(request).isAllowed { allowed += 1 }
        }
        return allowed
    }

    // MARK: Mutations

    private static let tokens: [[UInt8]] =
        [
            "{", "}", "[", "]", "\"", "\\", ":", ",", "*", "?", "${", "}", "'", "${a,'b'}", "null", "true", "-0",
            "1e999",
            "0.00000000000000000001", "\\u0000", "\\ud800", "\\u00e9", "é", "😀", "arn:aws:s3:::", "arn:aws:iam::",
            "\"Effect\":\"Deny\"", "\"Principal\":\"*\"", "\"NotAction\"", "ForAllValues:", "IfExists", "NumericEquals",
            "2012-10-17", "2008-10-17", "::/0", "10.0.0.0/33", "255.255.255.256", "2026-02-30", "9223372036854775808",
            "=",
            "QQ==", " ", "\t", "\u{0}",
        ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]]

    private static func mutate(_ json: [UInt8], _ generator: inout PolicyGenerator) -> [UInt8] {
        var json = json
        for _ in 0..<Int.random(in: 1...4, using: &generator.random) {
            let start = Int.random(in: 0...json.count, using: &generator.random)
            let end = min(json.count, start + Int.random(in: 0...20, using: &generator.random))
            switch Int.random(in: 0..<6, using: &generator.random) {
            case 0 where start < json.count: json[start] = UInt8.random(in: 0...255, using: &generator.random)
            case 1: json.removeSubrange(start..<end)
            case 2: json.insert(contentsOf: json[start..<end], at: end)
            case 3: json.insert(contentsOf: generator.one(of: self.tokens), at: start)
            case 4: json.replaceSubrange(start..<end, with: generator.one(of: self.tokens))
            default: json.removeLast(generator.chance(10) ? json.count - start : 0)
            }
        }
        return json
    }

    @Test("A policy with bytes changed is read or refused") func mutations() throws {
        var (count, read) = (0, 0)
        for seed in Self.cases(5_000) {
            var generator = PolicyGenerator(seed: seed)
            let kind = generator.one(of: PolicyDocument.Kind.allCases)
            let json =
                generator.chance(70)
                ? generator.policy(hasPrincipals: kind != .identity, hasResources: kind != .trust)
                : Self.written(generator.one(of: EvaluationTable.examples), kind)
            let start = Self.now()
            if try Self.use(Self.mutate(Array(json.utf8), &generator), kind) != nil { read += 1 }
            #expect(Self.now() - start < 5, "seed \(seed)")
            count += 1
        }
        // Mutations that are always refused, or never, find nothing.
        if count >= 1000 { #expect((count / 20...count * 19 / 20).contains(read), "\(read) of \(count)") }
    }

    private static func written(_ example: EvaluationTable.Example, _ kind: PolicyDocument.Kind) -> String {
        let statements = kind == .identity ? example.identity : example.resource
        return #"{"Version":"2012-10-17","Statement":[\#(statements ?? "")]}"#
    }

    // MARK: Random JSON

    private static let names = [
        "Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
        "NotResource", "Condition", "AWS", "Service", "StringLike", "Null", "Bool", "s3:prefix", "x",
    ]
    private static let texts = [
        "2012-10-17", "Allow", "Deny", "*", "s3:*", "s3:Get*", "arn:aws:s3:::b/*", "111111111111", "s3.amazonaws.com",
        "${aws:username}", "", "true", "10", "\\u0041", "é",
    ]

    /// What an element may well have, or anything.
    private static func random(_ generator: inout PolicyGenerator, in name: String, depth: Int) -> String {
        let fitting: [String: [String]] = [
            "": ["Version", "Id", "Statement"],
            "Statement": ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"],
            "Principal": ["AWS", "Service"], "Condition": ["StringLike", "Null", "Bool"],
            "StringLike": ["s3:prefix", "x"], "Null": ["s3:prefix", "x"],
        ]
        if let members = fitting[name], generator.chance(85), depth < 6 {
            let kept = members.filter { _ in generator.chance(90) }
            let pairs = kept.map { "\"\($0)\":\(self.random(&generator, in: $0, depth: depth + 1))" }
            return "{\(pairs.joined(separator: ","))}"
        }
        let texts: [String: [String]] = [
            "Version": ["2012-10-17", "2008-10-17"], "Effect": ["Allow", "Deny"], "Action": ["*", "s3:*", "s3:Get*"],
            "Resource": ["*", "arn:aws:s3:::b/*", "arn:aws:s3:::${aws:username}"], "AWS": ["*", "111111111111"],
            "Service": ["s3.amazonaws.com"],
        ]
        if let texts = texts[name], generator.chance(85) { return "\"\(generator.one(of: texts))\"" }
        switch Int.random(in: 0..<(depth < 6 ? 8 : 6), using: &generator.random) {
        case 0...2: return "\"\(generator.one(of: self.texts))\""
        case 3: return generator.one(of: ["0", "-1.5", "1e400", "12345678901234567890123456789"])
        case 4: return generator.one(of: ["true", "false"])
        case 5: return "null"
        case 6:
            let values = generator.some(0...3) { self.random(&$0, in: name, depth: depth + 1) }
            return "[\(values.joined(separator: ","))]"
        default:
            let pairs = generator.some(0...3) { generator in
                let name = generator.one(of: self.names)
                return "\"\(name)\":\(self.random(&generator, in: name, depth: depth + 1))"
            }
            return "{\(pairs.joined(separator: ","))}"
        }
    }

    @Test("Random JSON is read or refused") func randomJSON() throws {
        var (count, read) = (0, 0)
        for seed in Self.cases(5_000) {
            var generator = PolicyGenerator(seed: seed)
            let json = Self.random(&generator, in: "", depth: 0)
            let start = Self.now()
            if try Self.use(Array(json.utf8), generator.one(of: PolicyDocument.Kind.allCases)) != nil { read += 1 }
            #expect(Self.now() - start < 5, "seed \(seed)")
            count += 1
        }
        if count >= 1000 { #expect(read > 0) }
    }

    // MARK: Hostile policies

    private static func statement(
        action: String = "\"s3:*\"", resource: String = #""*""#, condition: String = "{}", principal: String = "\"*\""
    ) -> String {
        #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":\#(principal),"Action":\#(action),"#
            + #""Resource":\#(resource),"Condition":\#(condition)}}"#
    }

    private static func text(_ part: String, before: String = "", after: String = "", bytes: Int = 20_000) -> String {
        "\"\(before)\(String(repeating: part, count: bytes / part.utf8.count))\(after)\""
    }

    private static func list(_ part: String, bytes: Int = 20_000) -> String {
        "[\(Array(repeating: part, count: bytes / (part.utf8.count + 1)).joined(separator: ","))]"
    }

    /// Name, JSON, and whether it is a policy.
    private static let hostilePolicies: [(String, String, Bool)] = [
        ("a star and a letter, over and over", statement(resource: text("*a", before: "arn:aws:s3:::")), true),
        ("that cannot match at the end", statement(resource: text("*a", before: "arn:aws:s3:::", after: "b")), true),
        ("one star before a long text", statement(resource: text("a", before: "arn:aws:s3:::b/*", after: "b")), true),
        (
            "half the text after a star",
            statement(resource: text("a", before: "arn:aws:s3:::b/*", after: "b", bytes: 512)), true
        ),
        ("stars only", statement(resource: text("*", before: "arn:aws:s3:::")), true),
        ("question marks only", statement(resource: text("?", before: "arn:aws:s3:::")), true),
        ("stars and question marks", statement(resource: text("*?", before: "arn:aws:s3:::")), true),
        (
            "wildcards in the segments",
            statement(resource: text("*a", before: "arn:", after: ":s3:::b", bytes: 19_000)), true
        ),
        ("an action of stars", statement(action: text("*e", before: "s3:")), true),
        ("many actions of stars", statement(action: list("\"s3:*a*b*c*d\"")), true),
        ("many resources of stars", statement(resource: list("\"arn:aws:s3:::*a*a*a*a*a*ab\"")), true),
        (
            "StringLike of stars", statement(condition: #"{"StringLike":{"s3:prefix":\#(text("*a", after: "b"))}}"#),
            true
        ),
        (
            "StringNotLike, half a header after a star",
            statement(
                condition: #"{"StringNotLike":{"s3:prefix":\#(text("a", before: "*", after: "b", bytes: 4096))}}"#),
            true
        ),
        (
            "many values of StringLike", statement(condition: #"{"StringLike":{"s3:prefix":\#(list("\"*a*b\""))}}"#),
            true
        ),
        (
            "many values without case",
            statement(condition: #"{"StringEqualsIgnoreCase":{"s3:prefix":\#(list("\"a\""))}}"#), true
        ),
        ("many numbers", statement(condition: #"{"NumericLessThan":{"s3:max-keys":\#(list("1"))}}"#), true),
        (
            "a number of 20,000 digits",
            statement(condition: #"{"NumericEquals":{"s3:max-keys":\#(String(repeating: "9", count: 20_000))}}"#), true
        ),
        ("an exponent", statement(condition: #"{"NumericEquals":{"s3:max-keys":1e999999999}}"#), false),
        ("an ARN of colons", statement(condition: #"{"ArnLike":{"aws:SourceArn":\#(text(":"))}}"#), true),
        (
            "many values of ForAllValues",
            statement(condition: #"{"ForAllValues:StringLike":{"aws:TagKeys":\#(list("\"*9*8\""))}}"#), true
        ),
        ("a variable many times", statement(resource: text("${aws:username}", before: "arn:aws:s3:::")), true),
        (
            "a variable of another that is missing", statement(resource: text("${aws:none}", before: "arn:aws:s3:::")),
            true
        ),
        ("variables that do not end", statement(resource: text("${", before: "arn:aws:s3:::")), false),
        ("a variable with a long name", statement(resource: text("a", before: "arn:aws:s3:::${", after: "}")), true),
        ("a variable within one", statement(resource: "\"arn:aws:s3:::${a${b}}\""), true),
        ("a default that does not end", statement(resource: text("'", before: "arn:aws:s3:::${a,")), false),
        ("many principals", statement(principal: #"{"AWS":\#(list("\"111111111111\""))}"#), true),
        ("deep lists", String(repeating: "[", count: 20_000), false),
        ("deep objects", String(repeating: "{\"a\":", count: 4_000), false),
        (
            "deep lists in an element",
            statement(action: String(repeating: "[", count: 9_000) + String(repeating: "]", count: 9_000)), false
        ),
        ("many names", "{\((0..<1_500).map { "\"k\($0)\":1" }.joined(separator: ","))}", false),
        ("a name twice", #"{"Statement":[],"Statement":[]}"#, false),
        ("a name twice, escaped", #"{"Statement":[],"\u0053tatement":[]}"#, false),
        ("an operator twice", statement(condition: #"{"Bool":{"a":"true"},"Bool":{"b":"true"}}"#), false),
        ("a key twice in another case", statement(condition: #"{"Bool":{"a":"true","A":"false"}}"#), false),
        ("a text that does not end", "{\"Id\":\"" + String(repeating: "\\\\", count: 9_000), false),
        ("half a surrogate", #"{"Id":"\ud800"}"#, false),
        ("NUL in a resource", statement(resource: #""arn:aws:s3:::b/\u0000*""#), true),
        ("empty", "", false),
    ]

    @Test("Hostile policies of any kind end soon", arguments: hostilePolicies.indices)
    func hostile(_ index: Int) throws {
        let (name, json, isPolicy) = Self.hostilePolicies[index]
        let start = Self.now()
        // The largest kind: what is too long for a bucket is cut to the limit elsewhere.
        #expect((try Self.use(Array(json.utf8), .key) != nil) == isPolicy, "\(name)")
        try Self.use(Array(json.utf8), .bucket)
        #expect(Self.now() - start < 10, "\(name)")
    }

    @Test("As many statements as fit") func manyStatements() throws {
        let one = #"{"Effect":"Deny","Principal":"*","Action":"s3:*a*b","Resource":"*"}"#
        let all = Array(repeating: one, count: 20_000 / (one.utf8.count + 1)).joined(separator: ",")
        #expect(try Self.use(Array("{\"Statement\":[\(all)]}".utf8), .bucket) != nil)
    }

    @Test("Bytes that are no UTF-8 are refused, wherever they stand") func invalidUTF8() throws {
        let json = Array(Self.statement(condition: #"{"StringLike":{"s3:prefix":"a"}}"#).utf8)
        for place in 0...json.count {
            var broken = json
            broken.insert(0x80, at: place)
            #expect(throws: PolicyProblem.notJSON) { try PolicyDocument(json: broken, kind: .bucket) }
        }
    }
}
