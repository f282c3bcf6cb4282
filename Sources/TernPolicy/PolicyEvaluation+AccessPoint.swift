package import TernCore

extension PolicyEvaluation {
    /// An access point that a request comes through, as policies see it.
    package struct AccessPoint: Sendable {
        /// Its ARN, or that of the object behind it (specification §6.5).
        package var resource: String
        /// Whose it is.
        package var account: AccountID
        package var policy: CompiledPolicy?
        /// Its policy is public, and Block Public Access restricts it to its account.
        package var restrictsPublic: Bool

        package init(resource: String, account: AccountID, policy: CompiledPolicy?, restrictsPublic: Bool) {
            self.resource = resource
            self.account = account
            self.policy = policy
            self.restrictsPublic = restrictsPublic
        }
    }

    /// The decision about a request for a bucket that comes through an access point (EVL-3, MRP-16): first the access
    /// point must allow it as a resource of its own, and then the bucket as ever. So the caller's own policies must allow
    /// both resources, unless a resource's policy names the caller.
    ///
    /// - Returns: The decision, and whether it is the access point that denies.
    package func decide(
        _ request: PolicyRequest, through point: AccessPoint
    ) -> (decision: PolicyDecision, isAtAccessPoint: Bool) {
        var atPoint = request
        atPoint.resource = point.resource
        atPoint.resourceAccount = point.account
        // Access points have no ACLs, and own no objects.
        var evaluation = self
        evaluation.resource = point.policy
        evaluation.resourceMayAllow = true
        evaluation.restrictsPublic = point.restrictsPublic
        evaluation.accessControlList = nil
        let decision = evaluation.decide(atPoint)
        return decision.isAllowed ? (self.decide(request), false) : (decision, true)
    }
}
