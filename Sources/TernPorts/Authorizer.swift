package import TernCore
package import TernPolicy

/// What a request wants to do, in the words of IAM.
package struct AuthorizationRequest: Sendable {
    package var principal: Principal
    /// For example `s3:GetObjectVersion`.
    package var action: String
    /// For example `arn:aws:s3:::bucket/key`.
    package var resource: String
    /// The account that owns the resource; `nil` where none is concerned.
    package var resourceOwner: AccountID?
    /// The policy of the bucket or key.
    package var resourcePolicy: CompiledPolicy?
    package var resourceRole: PolicyEvaluation.ResourcePolicyRole
    /// Whether the resource's policy may allow (EVL-4).
    package var resourceMayAllow: Bool
    /// The policy is public, and Block Public Access keeps others than the owner's account out.
    package var restrictsPublic: Bool
    /// To whom an ACL grants the action.
    package var accessControlList: AccessControlListGrant?
    /// The bucket whose object `resource` is, and its policy's edition: where policies treat all its objects alike, one
    /// decision serves them all. `nil` to judge each request by itself.
    package var object: ObjectScope?
    /// The access point that the request comes through, which has to allow it too (EVL-3).
    package var accessPoint: PolicyEvaluation.AccessPoint?
    /// Condition keys and their values, for example `s3:prefix`; asked for where a policy is evaluated.
    package var context: @Sendable () -> [String: [String]]
    /// Under which the client was answered; empty where the server acts by itself.
    package var requestID = ""

    package init(
        principal: Principal, action: String, resource: String, resourceOwner: AccountID?,
        resourcePolicy: CompiledPolicy? = nil, resourceRole: PolicyEvaluation.ResourcePolicyRole = .optional,
        resourceMayAllow: Bool = true, restrictsPublic: Bool = false, accessControlList: AccessControlListGrant? = nil,
        object: ObjectScope? = nil,
        context: @escaping @Sendable () -> [String: [String]] = { [:] }
    ) {
        self.principal = principal
        self.action = action
        self.resource = resource
        self.resourceOwner = resourceOwner
        self.resourcePolicy = resourcePolicy
        self.resourceRole = resourceRole
        self.resourceMayAllow = resourceMayAllow
        self.restrictsPublic = restrictsPublic
        self.accessControlList = accessControlList
        self.object = object
        self.context = context
    }

    /// A bucket at one edition of its configuration.
    package struct ObjectScope: Hashable, Sendable {
        package var bucket: String
        package var bucketID: UInt64
        package var epoch: UInt64

        package init(bucket: String, bucketID: UInt64, epoch: UInt64) {
            self.bucket = bucket
            self.bucketID = bucketID
            self.epoch = epoch
        }
    }

    /// Whether no policy has a say: the root of the account that owns the bucket, whose policy denies nothing (ACC-4).
    /// Most requests of small installations are such.
    package static func isUnrestricted(
        _ principal: Principal, owner: AccountID, resourcePolicy: CompiledPolicy?
    ) -> Bool {
        guard case .root(let account, nil) = principal, account.id == owner else { return false }
        return resourcePolicy?.hasDeny != true
    }

    /// The same for a request that comes through an access point.
    package static func isUnrestricted(_ principal: Principal, through point: PolicyEvaluation.AccessPoint?) -> Bool {
        guard let point else { return true }
        return self.isUnrestricted(principal, owner: point.account, resourcePolicy: point.policy)
    }
}

/// Why a request is denied.
package struct AccessDenial: Sendable, Hashable {
    /// The text of the `AccessDenied` error (specification §6.6).
    package var message: String
    /// Whether a policy says so; otherwise only nothing allows it.
    package var isExplicit: Bool
    /// Which statement, or which kind of policy lacked one; for explanations.
    package var reason: DenyReason?

    package init(message: String = "Access Denied", isExplicit: Bool = false, reason: DenyReason? = nil) {
        self.message = message
        self.isExplicit = isExplicit
        self.reason = reason
    }
}

/// A decision and what made it.
package enum AuthorizationDecision: Sendable, Hashable {
    case allowed
    case denied(AccessDenial)
}

/// A request whose caller did not prove who it is: nothing is decided about it, and it is refused.
package struct FailedAuthentication: Sendable {
    /// The error that the client gets.
    package var code: String
    package var message: String
    /// As the request names it; empty where it names none.
    package var accessKeyID: String
    /// What was asked for, in the words of IAM as far as they are known, for example `s3:PutObject`.
    package var action: String
    package var requestID: String
    /// Condition keys of the connection.
    package var context: [String: [String]]

    package init(
        code: String, message: String, accessKeyID: String, action: String, requestID: String,
        context: [String: [String]]
    ) {
        self.code = code
        self.message = message
        self.accessKeyID = accessKeyID
        self.action = action
        self.requestID = requestID
        self.context = context
    }
}

/// Decides whether a principal may perform an action.
package protocol Authorizer: Sendable {
    func authorize(_ request: AuthorizationRequest) async -> AuthorizationDecision

    /// Takes note of a request that was refused before anything was to be decided.
    func note(_ failure: FailedAuthentication)

    /// Whether it wants to be asked even where no policy has a say.
    var wantsEveryRequest: Bool { get }

    /// Whether a policy of the principal looks at a condition key that begins so, in lower case; what is dear to find out
    /// is found out only then.
    func mentions(_ keyPrefix: String, policiesOf principal: Principal) async -> Bool
}

extension Authorizer {
    package var wantsEveryRequest: Bool { false }

    package func note(_ failure: FailedAuthentication) {}
}
