import TernCore
import TernPolicy
import Testing

/// Who is allowed what, by whose policies (specification §6.3, §6.4, KMS-3, STS-1).
@Suite struct PolicyEvaluationTests {
    static let own = AccountID(trusted: "111111111111")
    static let other = AccountID(trusted: "222222222222")

    static let root = PolicyCaller(kind: .root, account: own, canonicalID: String(repeating: "a", count: 64))
    static let user = PolicyCaller(
        kind: .user(arn: "arn:aws:iam::111111111111:user/ann", uniqueID: "AIDAAAAAAAAAAAAAAAAAA"), account: own)
    static let role = PolicyCaller(
        kind: .roleSession(
            roleARN: "arn:aws:iam::111111111111:role/r", uniqueID: "AROAAAAAAAAAAAAAAAAAA",
            sessionARN: "arn:aws:sts::111111111111:assumed-role/r/s"), account: own)

    static func identity(_ effect: String, _ action: String, _ resource: String = "*") throws -> CompiledPolicy {
        try CompiledPolicy(
            json: Array(
                #"{"Version":"2012-10-17","Statement":{"Effect":"\#(effect)","Action":"\#(action)","Resource":"\#(resource)"}}"#
                    .utf8), kind: .identity, name: "identity")
    }

    static func bucket(
        _ effect: String, _ principal: String, _ action: String = "s3:*", bindings: [String: String] = [:]
    ) throws -> CompiledPolicy {
        try CompiledPolicy(
            json: Array(
                #"{"Version":"2012-10-17","Statement":{"Sid":"One","Effect":"\#(effect)","Principal":\#(principal),"Action":"\#(action)","Resource":"arn:aws:s3:::b/*"}}"#
                    .utf8), kind: .bucket, name: "bucket", bindings: bindings)
    }

    static func get(_ caller: PolicyCaller, owner: AccountID = own) -> PolicyRequest {
        PolicyRequest(caller: caller, action: "s3:GetObject", resource: "arn:aws:s3:::b/k", resourceAccount: owner)
    }

    static let everyone = #""*""#
    static func aws(_ text: String) -> String { #"{"AWS":"\#(text)"}"# }

    @Test("Within an account: root needs nothing, users and roles need a policy")
    func within() throws {
        #expect(PolicyEvaluation().decide(Self.get(Self.root)) == .allowed(.root))
        for caller in [Self.user, Self.role] {
            #expect(PolicyEvaluation().decide(Self.get(caller)) == .denied(.notAllowed(.identity)))
            let allowed = PolicyEvaluation(identity: [try Self.identity("Allow", "s3:Get*")])
            #expect(allowed.decide(Self.get(caller)).isAllowed)
            let denied = PolicyEvaluation(
                identity: [try Self.identity("Allow", "s3:*"), try Self.identity("Deny", "S3:GETOBJECT")])
            #expect(
                denied.decide(Self.get(caller))
                    == .denied(.explicit(.init(kind: .identity, policy: "identity", statement: "statement 1"))))
        }
        #expect(PolicyEvaluation().decide(Self.get(.anonymous)) == .denied(.notAllowed(.resource)))
    }

    @Test("§6.4: what an allow of the bucket's policy is worth, by how it names the principal")
    func cuts() throws {
        let boundary = try Self.identity("Allow", "ec2:*")
        let rows: [(String, PolicyCaller, withBoundary: Bool, alone: Bool)] = [
            (Self.aws("arn:aws:iam::111111111111:user/ann"), Self.user, true, true),
            (Self.aws("arn:aws:iam::111111111111:role/r"), Self.role, false, true),
            (Self.aws("arn:aws:sts::111111111111:assumed-role/r/s"), Self.role, true, true),
            (Self.aws("111111111111"), Self.user, false, false),
            (Self.aws("111111111111"), Self.role, false, false),
            (Self.everyone, Self.role, false, true),
            (Self.everyone, Self.user, false, true),
            (Self.aws("arn:aws:iam::111111111111:user/bob"), Self.user, false, false),
        ]
        for (principal, caller, withBoundary, alone) in rows {
            let resource = try Self.bucket("Allow", principal)
            #expect(
                PolicyEvaluation(resource: resource).decide(Self.get(caller)).isAllowed == alone, "\(principal)")
            #expect(
                PolicyEvaluation(boundary: boundary, resource: resource).decide(Self.get(caller)).isAllowed
                    == withBoundary, "\(principal)")
        }
    }

    @Test("IAM-26: a user of the same name that was made anew is another")
    func bindings() throws {
        let arn = "arn:aws:iam::111111111111:user/ann"
        let bound = try Self.bucket("Allow", Self.aws(arn), bindings: [arn: "AIDABBBBBBBBBBBBBBBBB"])
        #expect(!PolicyEvaluation(resource: bound).decide(Self.get(Self.user)).isAllowed)
        let same = try Self.bucket("Allow", Self.aws(arn), bindings: [arn: "AIDAAAAAAAAAAAAAAAAAA"])
        #expect(PolicyEvaluation(resource: same).decide(Self.get(Self.user)).isAllowed)
    }

    @Test("Across accounts both sides must agree")
    func across() throws {
        let mine = try Self.identity("Allow", "s3:*")
        for principal in [Self.everyone, Self.aws("111111111111"), Self.aws("arn:aws:iam::111111111111:user/ann")] {
            let theirs = try Self.bucket("Allow", principal)
            let request = Self.get(Self.user, owner: Self.other)
            #expect(PolicyEvaluation(identity: [mine], resource: theirs).decide(request).isAllowed)
            #expect(
                PolicyEvaluation(resource: theirs).decide(request) == .denied(.notAllowed(.identity)))
            #expect(
                PolicyEvaluation(identity: [mine]).decide(request) == .denied(.notAllowed(.resource)))
        }
        let root = Self.get(Self.root, owner: Self.other)
        #expect(PolicyEvaluation(resource: try Self.bucket("Allow", Self.aws("111111111111"))).decide(root).isAllowed)
        #expect(!PolicyEvaluation().decide(root).isAllowed)
        #expect(PolicyEvaluation(accessControlList: .account).decide(root) == .allowed(.accessControlList))
    }

    @Test("§9.2: an ACL that grants to an account gives its users nothing that their policies do not")
    func lists() throws {
        let mine = try Self.identity("Allow", "s3:*")
        for caller in [Self.user, Self.role] {
            for owner in [Self.own, Self.other] {
                let request = Self.get(caller, owner: owner)
                #expect(!PolicyEvaluation(accessControlList: .account).decide(request).isAllowed)
                #expect(PolicyEvaluation(identity: [mine], accessControlList: .account).decide(request).isAllowed)
            }
            let within = Self.get(caller)
            #expect(PolicyEvaluation(accessControlList: .everyone).decide(within) == .allowed(.accessControlList))
            let across = Self.get(caller, owner: Self.other)
            #expect(!PolicyEvaluation(accessControlList: .everyone).decide(across).isAllowed)
        }
        #expect(PolicyEvaluation(accessControlList: .everyone).decide(Self.get(.anonymous)).isAllowed)
    }

    @Test("KMS-3: without the key's policy nobody gets by, root neither")
    func keys() throws {
        let mine = try Self.identity("Allow", "s3:*")
        func decide(_ caller: PolicyCaller, _ principal: String?, _ identity: [CompiledPolicy]) throws -> Bool {
            PolicyEvaluation(
                identity: identity, resource: try principal.map { try Self.bucket("Allow", $0) },
                resourceRole: .required
            ).decide(Self.get(caller)).isAllowed
        }
        #expect(try !decide(Self.root, nil, []))
        #expect(try decide(Self.root, Self.aws("111111111111"), []))
        #expect(try !decide(Self.user, nil, [mine]))
        #expect(try !decide(Self.user, Self.aws("111111111111"), []))
        #expect(try decide(Self.user, Self.aws("111111111111"), [mine]))
        #expect(try decide(Self.user, Self.aws("arn:aws:iam::111111111111:user/ann"), []))
    }

    @Test("ACC-4: a root that its own bucket policy denies may still mend the policy")
    func lockedOut() throws {
        let deny = try CompiledPolicy(
            json: Array(
                #"{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]}}"#
                    .utf8), kind: .bucket, name: "bucket")
        let evaluation = PolicyEvaluation(resource: deny)
        #expect(!evaluation.decide(Self.get(Self.root)).isAllowed)
        let repair = PolicyRequest(
            caller: Self.root, action: "s3:DeleteBucketPolicy", resource: "arn:aws:s3:::b", resourceAccount: Self.own)
        #expect(evaluation.decide(repair).isAllowed)
    }

    @Test("POL-6: NotPrincipal spares whom it names with account, role and session")
    func notPrincipal() throws {
        func denies(_ names: [String], _ caller: PolicyCaller) throws -> Bool {
            let list = names.map { "\"\($0)\"" }.joined(separator: ",")
            let policy = try CompiledPolicy(
                json: Array(
                    #"{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":[\#(list)]},"Action":"*","Resource":"*"}}"#
                        .utf8
                ), kind: .bucket, name: "bucket")
            return policy.denial(of: Self.get(caller)) != nil
        }
        let role = "arn:aws:iam::111111111111:role/r"
        let session = "arn:aws:sts::111111111111:assumed-role/r/s"
        #expect(try denies([role, "111111111111"], Self.role))
        #expect(try denies([role, session], Self.role))
        #expect(try !denies([role, session, "111111111111"], Self.role))
        #expect(try !denies(["111111111111"], Self.root))
        #expect(try denies(["111111111111"], .service("s3.amazonaws.com")))
        #expect(try denies(["222222222222"], .anonymous))
    }

    @Test("RestrictPublicBuckets: a public policy serves the owner's account and services only")
    func restricted() throws {
        let open = try Self.bucket("Allow", Self.everyone)
        let evaluation = PolicyEvaluation(resource: open, restrictsPublic: true)
        #expect(evaluation.decide(Self.get(.anonymous)) == .denied(.restrictedPublicBucket))
        #expect(evaluation.decide(Self.get(Self.user)).isAllowed)
        #expect(evaluation.decide(Self.get(.service("s3.amazonaws.com"))).isAllowed)
        #expect(PolicyEvaluation(resource: open).decide(Self.get(.anonymous)).isAllowed)
    }
}

/// When one decision serves all objects of a bucket.
@Suite struct UniformPolicyTests {
    static let rows: [(resource: String, isUniform: Bool)] = [
        ("*", true), ("arn:aws:s3:::b/*", true), ("arn:aws:s3:::*", true), ("arn:aws:s3:::b*", true),
        ("arn:aws:s3:::b", true), ("arn:aws:s3:::other/*", true), ("arn:aws:s3:::bb/*", true),
        ("arn:aws:s3:::b/a*", false), ("arn:aws:s3:::b/a", false), ("arn:aws:s3:::b/?*", false),
        ("arn:aws:s3:::?/*", false), ("arn:aws:*:::b/*", false), ("arn:*:s3:::b/a", false),
        ("arn:aws:s3:::b/${aws:username}/*", false), ("arn:aws:s3:::${aws:username}/*", false),
        ("arn:aws:sqs:::b/*", true), ("arn:aws:s3:::b/*/", false),
    ]

    @Test("Resources that cover all objects of a bucket or none", arguments: rows)
    func resources(resource: String, isUniform: Bool) throws {
        let policy = try PolicyEvaluationTests.identity("Allow", "s3:Get*", resource)
        #expect(policy.treatsAlike(objectsOf: "b", action: "s3:GetObject") == isUniform)
        #expect(policy.treatsAlike(objectsOf: "b", action: "s3:PutObject"))
    }

    @Test("Conditions look at the request")
    func conditions() throws {
        let policy = try CompiledPolicy(
            json: Array(
                #"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}}"#
                    .utf8), kind: .identity, name: "identity")
        #expect(!policy.treatsAlike(objectsOf: "b", action: "s3:GetObject"))
    }
}
