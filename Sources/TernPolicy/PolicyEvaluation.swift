/// To whom an ACL grants.
package enum AccessControlListGrant: Hashable, Sendable {
    /// The caller's account. Its users and roles need policies all the same, as ACLs know accounts only.
    case account
    /// A group that the caller is of: everyone, or everyone who is authenticated.
    case everyone
}

/// All that decides about a request, and the decision (specification §6.3, §6.4).
///
/// It is pure: policies and context come in, the decision and its reason go out.
package struct PolicyEvaluation: Sendable {
    /// What the resource's own policy is to the decision.
    package enum ResourcePolicyRole: Hashable, Sendable {
        /// Buckets: within the account, identity policies are enough.
        case optional
        /// Keys (KMS-3): nobody gets by without it, not even the account's root.
        case required
        /// Trust policies of roles (STS-1): as with keys; the texts differ.
        case trust
    }

    /// Inline, attached and group policies: their union (EVL-2).
    package var identity: [CompiledPolicy]
    package var boundary: CompiledPolicy?
    /// The union of all policies of a session cuts; `nil` for a session without, or no session.
    package var session: [CompiledPolicy]?
    package var resource: CompiledPolicy?
    package var resourceRole: ResourcePolicyRole
    /// Whether the resource's policy may allow; it does not where a bucket's owner does not own the object (EVL-4).
    package var resourceMayAllow: Bool
    /// The resource's policy is public, and Block Public Access restricts such buckets to their account (RestrictPublicBuckets).
    package var restrictsPublic: Bool
    /// To whom an ACL grants what is asked, after IgnorePublicAcls.
    package var accessControlList: AccessControlListGrant?

    package init(
        identity: [CompiledPolicy] = [], boundary: CompiledPolicy? = nil, session: [CompiledPolicy]? = nil,
        resource: CompiledPolicy? = nil, resourceRole: ResourcePolicyRole = .optional, resourceMayAllow: Bool = true,
        restrictsPublic: Bool = false, accessControlList: AccessControlListGrant? = nil
    ) {
        self.identity = identity
        self.boundary = boundary
        self.session = session
        self.resource = resource
        self.resourceRole = resourceRole
        self.resourceMayAllow = resourceMayAllow
        self.restrictsPublic = restrictsPublic
        self.accessControlList = accessControlList
    }

    private var resourceKind: PolicyKind { self.resourceRole == .trust ? .trust : .resource }

    /// What the root of an account may always do to a bucket policy that locks it out (ACC-4).
    private static let repairs: Set<String> = ["s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"]

    package func decide(_ request: PolicyRequest) -> PolicyDecision {
        let isOwner = request.caller.account != nil && request.caller.account == request.resourceAccount
        if let denial = self.explicitDenial(request, isOwner: isOwner) { return .denied(.explicit(denial)) }
        if self.restrictsPublic, !isOwner, !self.isService(request.caller) {
            return .denied(.restrictedPublicBucket)
        }
        var granted = self.resource.flatMap { policy in
            self.resourceMayAllow ? policy.allowance(of: request).map { (policy, $0) } : nil
        }
        // A statement for "everyone" is for whoever proved who they are, where roles and keys are concerned.
        if self.resourceRole == .trust, request.caller.kind == .anonymous { granted = nil }
        // Nor for whom any provider vouches: the role names its providers.
        if case .webIdentity = request.caller.kind, granted?.1.principal != .caller { granted = nil }
        switch request.caller.kind {
        case .anonymous, .service, .webIdentity:
            if let granted { return .allowed(.resource(self.statement(granted, self.resourceKind))) }
            if self.accessControlList != nil { return .allowed(.accessControlList) }
            return .denied(.notAllowed(self.resourceKind))
        case .root:
            return self.decideRoot(isOwner: isOwner, granted: granted, request)
        case .user, .roleSession, .federatedUser:
            return isOwner || request.resourceAccount == nil
                ? self.decideWithin(request, granted: granted) : self.decideAcross(request, granted: granted)
        }
    }

    private func isService(_ caller: PolicyCaller) -> Bool {
        if case .service = caller.kind { return true }
        return false
    }

    private func explicitDenial(_ request: PolicyRequest, isOwner: Bool) -> DecidingStatement? {
        if request.caller.kind != .root {
            for policy in self.identity {
                if let match = policy.denial(of: request) { return self.statement((policy, match), .identity) }
            }
            if let policy = self.boundary, let match = policy.denial(of: request) {
                return self.statement((policy, match), .boundary)
            }
        }
        for policy in self.session ?? [] {
            if let match = policy.denial(of: request) { return self.statement((policy, match), .session) }
        }
        if let policy = self.resource, let match = policy.denial(of: request) {
            let mayRepair =
                request.caller.kind == .root && isOwner && self.resourceRole == .optional
                && Self.repairs.contains(request.action.lowercased())
            if !mayRepair { return self.statement((policy, match), self.resourceKind) }
        }
        return nil
    }

    private func decideRoot(
        isOwner: Bool, granted: (CompiledPolicy, CompiledPolicy.Match)?, _ request: PolicyRequest
    ) -> PolicyDecision {
        if let cut = self.sessionCut(request) { return .denied(cut) }
        if self.resourceRole == .optional, isOwner || request.resourceAccount == nil { return .allowed(.root) }
        if let granted { return .allowed(.resource(self.statement(granted, self.resourceKind))) }
        if self.accessControlList != nil { return .allowed(.accessControlList) }
        return .denied(.notAllowed(self.resourceKind))
    }

    /// The caller's own account owns the resource (specification §6.4).
    private func decideWithin(
        _ request: PolicyRequest, granted: (CompiledPolicy, CompiledPolicy.Match)?
    ) -> PolicyDecision {
        let principal = granted?.1.principal
        if let granted, principal == .caller {
            return .allowed(.resource(self.statement(granted, self.resourceKind)))
        }
        let isGranted = principal == .role || principal == .everyone
        let byIdentity = self.identityAllowance(request)
        let identitySuffices = self.resourceRole == .optional || principal == .delegation
        // What an ACL grants to the account, as it does to each owner, is the account's to give to its users.
        let isGrantedByList = self.accessControlList == .everyone
        guard isGranted || (identitySuffices && byIdentity != nil) || isGrantedByList else {
            let lacksResource = self.resourceRole != .optional && principal == nil
            return .denied(.notAllowed(lacksResource ? self.resourceKind : .identity))
        }
        if let cut = self.cut(request) { return .denied(cut) }
        if let granted, isGranted { return .allowed(.resource(self.statement(granted, self.resourceKind))) }
        if let byIdentity { return .allowed(.identity(byIdentity)) }
        return .allowed(.accessControlList)
    }

    /// Another account owns the resource: both sides must agree.
    private func decideAcross(
        _ request: PolicyRequest, granted: (CompiledPolicy, CompiledPolicy.Match)?
    ) -> PolicyDecision {
        guard granted != nil || self.accessControlList != nil else {
            return .denied(.notAllowed(self.resourceKind))
        }
        guard let byIdentity = self.identityAllowance(request) else { return .denied(.notAllowed(.identity)) }
        if let cut = self.cut(request) { return .denied(cut) }
        return .allowed(
            .both(identity: byIdentity, resource: granted.map { self.statement($0, self.resourceKind) }))
    }

    private func identityAllowance(_ request: PolicyRequest) -> DecidingStatement? {
        for policy in self.identity {
            if let match = policy.allowance(of: request) { return self.statement((policy, match), .identity) }
        }
        return nil
    }

    /// What boundary and session policies lack: they never grant, they cut (EVL-2).
    private func cut(_ request: PolicyRequest) -> DenyReason? {
        if let boundary = self.boundary, boundary.allowance(of: request) == nil { return .notAllowed(.boundary) }
        return self.sessionCut(request)
    }

    private func sessionCut(_ request: PolicyRequest) -> DenyReason? {
        guard let session = self.session, !session.contains(where: { $0.allowance(of: request) != nil }) else {
            return nil
        }
        return .notAllowed(.session)
    }

    private func statement(
        _ found: (policy: CompiledPolicy, match: CompiledPolicy.Match), _ kind: PolicyKind
    ) -> DecidingStatement {
        DecidingStatement(
            kind: kind, policy: found.policy.name, statement: found.policy.statementName(found.match.index))
    }
}
