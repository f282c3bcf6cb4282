import TernCore
import TernPolicy
import Testing

/// EVL-3, MRP-16.
@Suite struct AccessPointTests {
    private static let owner = AccountID(trusted: "111111111111")
    private static let other = AccountID(trusted: "222222222222")
    private static let point = "arn:aws:s3::111111111111:accesspoint/m1.mrap"
    private static let bucket = "arn:aws:s3:::bucket"

    private static func policy(
        _ effect: String, on resource: String, principal: String? = nil, condition: String? = nil
    ) throws -> CompiledPolicy {
        let more =
            (principal.map { #","Principal":{"AWS":"\#($0)"}"# } ?? "")
            + (condition.map { ",\"Condition\":\($0)" } ?? "")
        let json =
            #"{"Version":"2012-10-17","Statement":{"Effect":"\#(effect)","Action":"s3:GetObject","Resource":"\#(resource)"\#(more)}}"#
        return try CompiledPolicy(json: Array(json.utf8), kind: principal == nil ? .identity : .bucket, name: "p")
    }

    private static func user(of account: AccountID) -> PolicyCaller {
        PolicyCaller(
            kind: .user(arn: "arn:aws:iam::\(account):user/u", uniqueID: "AIDAU"), account: account, canonicalID: "c")
    }

    private static func request(_ caller: PolicyCaller) -> PolicyRequest {
        PolicyRequest(
            caller: caller, action: "s3:GetObject", resource: "\(self.bucket)/key", resourceAccount: self.owner,
            context: [
                "s3:DataAccessPointArn": [self.point], "s3:DataAccessPointAccount": [self.owner.description],
            ])
    }

    private static func through(_ policy: CompiledPolicy? = nil, restrictsPublic: Bool = false)
        -> PolicyEvaluation.AccessPoint
    {
        PolicyEvaluation.AccessPoint(
            resource: "\(self.point)/object/key", account: self.owner, policy: policy, restrictsPublic: restrictsPublic)
    }

    @Test(
        "EVL-3: within an account, the caller's policies must allow both the access point and the bucket",
        arguments: [(true, true), (true, false), (false, true), (false, false)])
    func both(atPoint: Bool, atBucket: Bool) throws {
        var evaluation = PolicyEvaluation()
        if atPoint { evaluation.identity.append(try Self.policy("Allow", on: "\(Self.point)/object/*")) }
        if atBucket { evaluation.identity.append(try Self.policy("Allow", on: "\(Self.bucket)/*")) }
        let (decision, isAtAccessPoint) = evaluation.decide(
            Self.request(Self.user(of: Self.owner)), through: Self.through())
        #expect(decision.isAllowed == (atPoint && atBucket))
        #expect(isAtAccessPoint == !atPoint)
    }

    @Test("EVL-3: a boundary must allow both as well")
    func boundary() throws {
        var evaluation = PolicyEvaluation(identity: [try Self.policy("Allow", on: "*")])
        evaluation.boundary = try Self.policy("Allow", on: "\(Self.bucket)/*")
        let request = Self.request(Self.user(of: Self.owner))
        #expect(evaluation.decide(request, through: Self.through()).decision == .denied(.notAllowed(.boundary)))
        #expect(evaluation.decide(request).isAllowed)
    }

    @Test("EVL-3: whatever denies, at the access point or at the bucket, denies")
    func denials() throws {
        var evaluation = PolicyEvaluation(identity: [try Self.policy("Allow", on: "*")])
        let request = Self.request(Self.user(of: Self.owner))
        #expect(evaluation.decide(request, through: Self.through()).decision.isAllowed)
        let atPoint = Self.through(try Self.policy("Deny", on: "\(Self.point)/object/*", principal: "*"))
        #expect(!evaluation.decide(request, through: atPoint).decision.isAllowed)
        evaluation.resource = try Self.policy(
            "Deny", on: "\(Self.bucket)/*", principal: "*",
            condition: #"{"StringEquals":{"s3:DataAccessPointArn":"\#(Self.point)"}}"#)
        let (decision, isAtAccessPoint) = evaluation.decide(request, through: Self.through())
        #expect(!decision.isAllowed)
        #expect(!isAtAccessPoint)
    }

    @Test("EVL-3: across accounts, the policies of access point and bucket must both allow")
    func across() throws {
        var evaluation = PolicyEvaluation(identity: [try Self.policy("Allow", on: "*")])
        let request = Self.request(Self.user(of: Self.other))
        let open = Self.through(try Self.policy("Allow", on: "\(Self.point)/object/*", principal: "222222222222"))
        #expect(!evaluation.decide(request, through: open).decision.isAllowed)
        // A bucket may leave it to the access points of an account.
        evaluation.resource = try Self.policy(
            "Allow", on: "\(Self.bucket)/*", principal: "*",
            condition: #"{"StringEquals":{"s3:DataAccessPointAccount":"\#(Self.owner)"}}"#)
        #expect(evaluation.decide(request, through: open).decision.isAllowed)
        let (decision, isAtAccessPoint) = evaluation.decide(request, through: Self.through())
        #expect(!decision.isAllowed)
        #expect(isAtAccessPoint)
    }

    @Test("MRP-16: an access point with a public policy is for its account, where Block Public Access restricts it")
    func restricted() throws {
        var evaluation = PolicyEvaluation(identity: [try Self.policy("Allow", on: "*")])
        evaluation.resource = try Self.policy("Allow", on: "\(Self.bucket)/*", principal: "222222222222")
        let everyone = try Self.policy("Allow", on: "\(Self.point)/object/*", principal: "*")
        let request = Self.request(Self.user(of: Self.other))
        #expect(evaluation.decide(request, through: Self.through(everyone)).decision.isAllowed)
        let restricted = Self.through(everyone, restrictsPublic: true)
        #expect(evaluation.decide(request, through: restricted).decision == .denied(.restrictedPublicBucket))
        #expect(evaluation.decide(Self.request(Self.user(of: Self.owner)), through: restricted).decision.isAllowed)
    }

    @Test("ACC-4: the root of the account needs no policies on the way through its access point")
    func root() {
        let root = PolicyCaller(kind: .root, account: Self.owner, canonicalID: "c")
        #expect(PolicyEvaluation().decide(Self.request(root), through: Self.through()).decision.isAllowed)
    }
}
