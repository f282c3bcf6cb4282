import TernCore
import TernPolicy

/// Policies and requests over a small alphabet, so that patterns, values and principals often meet.
struct PolicyGenerator {
    var random: SeededGenerator

    init(seed: UInt64) {
        self.random = SeededGenerator(seed: seed)
    }

    mutating func one<Value>(of values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &self.random)]
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self.random) < percent }

    mutating func some<Value>(_ counts: ClosedRange<Int>, _ make: (inout Self) -> Value) -> [Value] {
        (0..<Int.random(in: counts, using: &self.random)).map { _ in make(&self) }
    }

    // MARK: Requests

    static let own = AccountID(trusted: "111111111111")
    static let other = AccountID(trusted: "222222222222")
    static let canonicalID = String(repeating: "a", count: 64)
    static let userID = "AIDAAAAAAAAAAAAAAAAAA"
    static let roleID = "AROAAAAAAAAAAAAAAAAAA"
    static let userARN = "arn:aws:iam::111111111111:user/ann"
    static let roleARN = "arn:aws:iam::111111111111:role/r"
    static let sessionARN = "arn:aws:sts::111111111111:assumed-role/r/s"
    static let federatedARN = "arn:aws:sts::111111111111:federated-user/f"

    static let callers: [PolicyCaller] = [
        PolicyCaller(kind: .root, account: own, canonicalID: canonicalID),
        PolicyCaller(kind: .user(arn: userARN, uniqueID: userID), account: own, canonicalID: canonicalID),
        PolicyCaller(kind: .user(arn: userARN, uniqueID: userID), account: own, canonicalID: canonicalID),
        PolicyCaller(
            kind: .roleSession(roleARN: roleARN, uniqueID: roleID, sessionARN: sessionARN), account: own,
            canonicalID: canonicalID),
        PolicyCaller(
            kind: .roleSession(roleARN: roleARN, uniqueID: roleID, sessionARN: sessionARN), account: own,
            canonicalID: canonicalID),
        PolicyCaller(kind: .federatedUser(arn: federatedARN), account: own, canonicalID: canonicalID),
        .service("s3.amazonaws.com"), .anonymous,
    ]

    static let resources = [
        "arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:s3:::b/ann/k", "arn:aws:s3:::b/ann/a:b", "arn:aws:s3:::bb/é*",
        "arn:aws:s3:eu:111111111111:job/1", "arn:aws:kms:eu:111111111111:key/k", "*",
    ]
    static let actions = [
        "s3:GetObject", "s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:PutBucketPolicy", "S3:getbucketpolicy",
        "kms:Decrypt", "sts:AssumeRole",
    ]

    /// Keys with values that their operators can read, and now and then one that they cannot.
    static let keys: [(key: String, operators: [String], values: [String])] = [
        ("aws:username", Self.strings, ["ann", "Ann", "bob", "a*"]),
        ("s3:prefix", Self.strings, ["ann/", "ann/k", "", "é", "x?y"]),
        ("aws:TagKeys", Self.strings, ["a", "b", "A", "ann"]),
        ("aws:PrincipalTag/Team", Self.strings, ["a", "b", "ann"]),
        (
            "aws:SourceArn", Self.arns + Self.strings,
            ["arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:s3:eu:1:b", "b", "arn:aws:s3:::a:b:c"]
        ),
        ("s3:max-keys", Self.numbers, ["10", "9.5", "-1", "010", "x"]),
        ("aws:EpochTime", Self.numbers + Self.dates, ["1767225600", "1767225601", "0"]),
        (
            "aws:CurrentTime", Self.dates,
            ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2025-12-31T23:59:59Z", "x"]
        ),
        ("aws:SourceIp", Self.addresses, ["10.1.2.3", "10.1.2.4", "192.0.2.1", "2001:db8::1", "::1", "x"]),
        ("aws:SecureTransport", ["Bool"], ["true", "false", "TRUE"]),
        ("s3:x-bin", ["BinaryEquals"], ["QQ==", "QUI=", "Qg==", "?"]),
    ]
    static let strings = [
        "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike",
        "StringNotLike",
    ]
    static let arns = ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"]
    static let numbers = [
        "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
        "NumericGreaterThanEquals",
    ]
    static let dates = [
        "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
    ]
    static let addresses = ["IpAddress", "NotIpAddress"]

    mutating func request(_ caller: PolicyCaller, owner: AccountID?) -> PolicyRequest {
        var context: [String: [String]] = [:]
        for key in Self.keys where self.chance(70) {
            let count = self.chance(85) ? 1 : Int.random(in: 0...3, using: &self.random)
            context[key.key] = (0..<count).map { _ in self.one(of: key.values) }
        }
        return PolicyRequest(
            caller: caller, action: self.one(of: Self.actions), resource: self.one(of: Self.resources),
            resourceAccount: owner, context: context)
    }

    // MARK: Policies

    /// A policy's JSON; `denials` is the percentage of its statements that deny.
    mutating func policy(hasPrincipals: Bool, hasResources: Bool = true, denials: Int = 15) -> String {
        let version = self.one(
            of: [#""Version":"2012-10-17","#, #""Version":"2012-10-17","#, #""Version":"2008-10-17","#, ""])
        let statements = self.some(1...3) {
            $0.statement(
                hasPrincipals: hasPrincipals, hasResources: hasResources, denies: $0.chance(denials),
                hasVariables: version.contains("2012"))
        }
        return "{\(version)\"Statement\":[\(statements.joined(separator: ","))]}"
    }

    private mutating func statement(
        hasPrincipals: Bool, hasResources: Bool, denies: Bool, hasVariables: Bool
    ) -> String {
        var elements = [denies ? #""Effect":"Deny""# : #""Effect":"Allow""#]
        elements.append(self.list(self.chance(85) ? "Action" : "NotAction", self.some(1...3) { $0.actionPattern() }))
        if hasResources {
            elements.append(
                self.list(
                    self.chance(85) ? "Resource" : "NotResource",
                    self.some(1...3) { $0.resourcePattern(hasVariables: hasVariables) }))
        }
        if hasPrincipals { elements.append(self.principals(denies: denies)) }
        if self.chance(45) {
            var blocks: [String: String] = [:]
            for _ in 0..<Int.random(in: 1...2, using: &self.random) {
                let (name, block) = self.condition(hasVariables: hasVariables)
                blocks[name] = block
            }
            let texts = blocks.keys.sorted().map { "\"\($0)\":{\(blocks[$0] ?? "")}" }
            elements.append("\"Condition\":{\(texts.joined(separator: ","))}")
        }
        return "{\(elements.joined(separator: ","))}"
    }

    /// A list, or where there is one value that value.
    private mutating func list(_ name: String, _ texts: [String]) -> String {
        let quoted = texts.map { "\"\($0)\"" }
        if quoted.count == 1, self.chance(50) { return "\"\(name)\":\(quoted[0])" }
        return "\"\(name)\":[\(quoted.joined(separator: ","))]"
    }

    private mutating func actionPattern() -> String {
        if self.chance(20) { return "*" }
        let parts = self.one(of: Self.actions).split(separator: ":")
        return "\(self.chance(10) ? "S3" : parts[0]):\(self.wild(String(parts[1])))"
    }

    private mutating func resourcePattern(hasVariables: Bool) -> String {
        if self.chance(15) { return "*" }
        let resource = self.one(of: Self.resources.dropLast())
        var parts = NaiveText.sixParts(resource)
        if self.chance(15) {
            let index = Int.random(in: 1...4, using: &self.random)
            parts[index] = self.chance(70) ? "*" : self.wild(parts[index])
        }
        parts[5] = self.text(parts[5], hasVariables: hasVariables)
        if parts[5].isEmpty { parts[5] = "*" }
        return parts.joined(separator: ":")
    }

    /// The text as it is, or with parts of it made wildcards or variables.
    private mutating func text(_ text: String, hasVariables: Bool) -> String {
        var text = text
        if self.chance(20), text.contains("ann") {
            let variable = self.one(of: [
                "${aws:username}", "${AWS:UserName}", "${aws:PrincipalTag/Team}", "${aws:TagKeys}",
                "${aws:username, 'ann'}", "${aws:nothing,'ann'}", "${aws:nothing}", "${aws:nothing, 'a}n'}",
            ])
            text = text.replacing("ann", with: variable)
        } else if self.chance(10) {
            text += self.one(of: ["${*}", "${?}", "${$}", "${s3:prefix}", "$"])
        }
        // A wildcard must not tear a variable apart.
        return text.contains("${") ? text : self.wild(text)
    }

    private mutating func wild(_ text: String) -> String {
        var characters = Array(text)
        guard self.chance(50), !characters.isEmpty else { return text }
        for _ in 0..<Int.random(in: 1...2, using: &self.random) {
            let start = Int.random(in: 0...characters.count, using: &self.random)
            if self.chance(60) {
                let end = Int.random(in: start...min(characters.count, start + 4), using: &self.random)
                characters.replaceSubrange(start..<end, with: "*")
            } else if start < characters.count {
                characters[start] = "?"
            }
        }
        return String(characters)
    }

    private mutating func principals(denies: Bool) -> String {
        if denies, self.chance(25) {
            // Enough of them that somebody is spared.
            let names = [
                "111111111111", Self.userARN, Self.roleARN, Self.sessionARN, Self.federatedARN, Self.userID,
                Self.roleID,
            ].filter { _ in self.chance(70) }
            return
                #""NotPrincipal":{"AWS":[\#((names + ["222222222222"]).map { "\"\($0)\"" }.joined(separator: ","))]}"#
        }
        if self.chance(15) { return #""Principal":"*""# }
        if self.chance(10) { return #""Principal":{"Service":["s3.amazonaws.com","x.amazonaws.com"]}"# }
        if self.chance(5) { return #""Principal":{"CanonicalUser":"\#(Self.canonicalID)"}"# }
        let names = self.some(1...2) { generator in
            generator.one(of: [
                "*", "111111111111", "arn:aws:iam::111111111111:root", "222222222222", Self.userARN, Self.userARN,
                Self.roleARN, Self.roleARN, Self.sessionARN, Self.federatedARN, Self.userID, Self.roleID,
                "arn:aws:iam::111111111111:user/bob", "arn:aws:iam::222222222222:role/r",
                "arn:aws:sts::111111111111:assumed-role/r/t",
            ])
        }
        return #""Principal":{\#(self.list("AWS", names))}"#
    }

    private mutating func condition(hasVariables: Bool) -> (name: String, block: String) {
        let key = self.one(of: Self.keys)
        let name = (self.chance(15) ? self.upper(key.key) : key.key)
        if self.chance(8) { return ("Null", "\"\(name)\":\(self.one(of: ["true", "false", "\"true\"", "\"False\""]))") }
        var operation = self.one(of: key.operators)
        let values = self.some(1...2) { $0.operand(operation, key.values, hasVariables: hasVariables) }
        if self.chance(20) { operation += "IfExists" }
        if self.chance(25) { operation = self.one(of: ["ForAllValues:", "ForAnyValue:"]) + operation }
        return (
            operation, values.count == 1 ? "\"\(name)\":\(values[0])" : "\"\(name)\":[\(values.joined(separator: ","))]"
        )
    }

    private mutating func upper(_ text: String) -> String { self.chance(50) ? text.uppercased() : text.lowercased() }

    /// A JSON value that the operator can read.
    private mutating func operand(_ operation: String, _ values: [String], hasVariables: Bool) -> String {
        switch operation {
        case _ where operation.hasPrefix("Numeric"):
            self.one(of: ["10", "\"9.5\"", "-1", "\"1767225600\"", "\"+10.0\"", "0", "1767225601"])
        case _ where operation.hasPrefix("Date"):
            self.one(of: [
                "\"2026-01-01\"", "\"2026-01-01T00:00:00Z\"", "1767225600", "\"2025-12-31T23:59:59.000Z\"", "0",
            ])
        case "Bool": self.one(of: ["true", "\"true\"", "false", "\"False\""])
        case "BinaryEquals": self.one(of: ["\"QQ==\"", "\"QUI=\"", "\"\""])
        case "IpAddress", "NotIpAddress":
            self.one(of: [
                "\"10.0.0.0/8\"", "\"10.1.2.3\"", "\"10.1.2.2/31\"", "\"0.0.0.0/0\"", "\"2001:db8::/32\"", "\"::1\"",
                "\"::/1\"", "\"0:0:0:0:0:0:0:1/128\"", "\"192.0.2.0/24\"",
            ])
        default: "\"\(self.text(self.one(of: values), hasVariables: hasVariables))\""
        }
    }
}
