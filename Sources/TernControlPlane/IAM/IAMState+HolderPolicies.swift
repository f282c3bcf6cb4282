package import TernRecords

// Policies of users, groups and roles alike: inline ones, attached ones, boundaries.

extension IAMState {
    static let attachmentLimit = 10
    /// Bytes of an entity's inline policies, white space included.
    static let inlineByteLimit = 256 << 10

    /// The entity that a name of the request means.
    package func holder<Holder: IAMPolicyHolder>(
        _ type: Holder.Type, _ name: String, in account: String
    ) throws(IAMError) -> Holder {
        guard let found = self[table: type].named(name, in: account) else { throw .notFound(Holder.kind, name) }
        return found
    }

    /// As ``holder(_:_:in:)``, to change it.
    func changeable<Holder: IAMPolicyHolder>(
        _ type: Holder.Type, _ name: String, in account: String
    ) throws(IAMError) -> Holder {
        let found = try self.holder(type, name, in: account)
        if let role = found as? IAMRoleRecord { try Self.requireUnprotected(role) }
        return found
    }

    /// The entities of a kind.
    package subscript<Entity: IAMEntity>(table type: Entity.Type) -> IAMTable<Entity> {
        if let table = self.users as? IAMTable<Entity> { return table }
        if let table = self.groups as? IAMTable<Entity> { return table }
        if let table = self.roles as? IAMTable<Entity> { return table }
        if let table = self.policies as? IAMTable<Entity> { return table }
        if let table = self.instanceProfiles as? IAMTable<Entity> { return table }
        if let table = self.oidcProviders as? IAMTable<Entity> { return table }
        return IAMTable()
    }

    static func checkIsWithoutPolicies(_ holder: some IAMPolicyHolder) throws(IAMError) {
        guard holder.attachedPolicies.isEmpty else {
            throw .deleteConflict("Cannot delete entity, must detach all policies first.")
        }
        guard holder.inlinePolicies.isEmpty else {
            throw .deleteConflict("Cannot delete entity, must delete policies first.")
        }
    }

    // MARK: Inline policies (IAM-22)

    package func putPolicy<Holder: IAMPolicyHolder>(
        _ name: String, document: String, of holderName: String, _ type: Holder.Type, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        var holder = try self.changeable(type, holderName, in: account)
        try IAMNames.check(name, "policyName", limit: 128)
        try IAMPolicyCheck.identity(document)
        var policy = IAMInlinePolicy()
        policy.name = name
        policy.document = document
        if let index = holder.inlinePolicies.firstIndex(where: { $0.name == name }) {
            holder.inlinePolicies[index] = policy
        } else {
            holder.inlinePolicies.append(policy)
        }
        let size = holder.inlinePolicies.reduce(0) { $0 + IAMPolicyCheck.size($1.document) }
        guard size <= Holder.inlinePolicyLimit else {
            throw .limitExceeded(
                "Maximum policy size of \(Holder.inlinePolicyLimit) bytes exceeded for \(Holder.kind) \(holder.name)")
        }
        // White space does not count, but it is stored and sent to every region.
        let stored = holder.inlinePolicies.reduce(0) { $0 + $1.document.utf8.count }
        guard stored <= Self.inlineByteLimit else {
            throw .limitExceeded(
                "Maximum policy size of \(Self.inlineByteLimit) bytes with white space exceeded for \(Holder.kind) "
                    + "\(holder.name)")
        }
        return IAMPlan([try holder.write()], ())
    }

    package func inlinePolicy<Holder: IAMPolicyHolder>(
        _ name: String, of holder: Holder
    ) throws(IAMError) -> IAMInlinePolicy {
        guard let policy = holder.inlinePolicies.first(where: { $0.name == name }) else {
            throw .notFound("\(Holder.kind) policy", name)
        }
        return policy
    }

    package func deletePolicy<Holder: IAMPolicyHolder>(
        _ name: String, of holderName: String, _ type: Holder.Type, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        var holder = try self.changeable(type, holderName, in: account)
        _ = try self.inlinePolicy(name, of: holder)
        holder.inlinePolicies.removeAll { $0.name == name }
        return IAMPlan([try holder.write()], ())
    }

    // MARK: Attached policies

    /// Attaching again changes nothing.
    package func attachPolicy<Holder: IAMPolicyHolder>(
        _ arn: String, to holderName: String, _ type: Holder.Type, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        try Self.checkPolicyARN(arn)
        var holder = try self.changeable(type, holderName, in: account)
        guard let policy = self.managedPolicy(arn, for: account) else { throw .policyNotAttachable(arn) }
        guard !holder.attachedPolicies.contains(policy.arn) else { return IAMPlan([], ()) }
        guard holder.attachedPolicies.count < Self.attachmentLimit else {
            throw .quota("PoliciesPer\(Holder.title)", Self.attachmentLimit)
        }
        holder.attachedPolicies.append(policy.arn)
        return IAMPlan([try holder.write()], ())
    }

    package func detachPolicy<Holder: IAMPolicyHolder>(
        _ arn: String, from holderName: String, _ type: Holder.Type, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        try Self.checkPolicyARN(arn)
        var holder = try self.changeable(type, holderName, in: account)
        guard holder.attachedPolicies.contains(arn) else { throw .policyNotFound(arn) }
        holder.attachedPolicies.removeAll { $0 == arn }
        return IAMPlan([try holder.write()], ())
    }

    // MARK: Boundaries

    /// - Parameter arn: `nil` takes the boundary away.
    package func setBoundary<Holder: IAMBounded>(
        _ arn: String?, of holderName: String, _ type: Holder.Type, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        var holder = try self.changeable(type, holderName, in: account)
        if let arn { try self.checkBoundary(arn, for: account) }
        holder.boundary = arn ?? ""
        return IAMPlan([try holder.write()], ())
    }

    func checkBoundary(_ arn: String, for account: String) throws(IAMError) {
        try Self.checkPolicyARN(arn)
        guard self.managedPolicy(arn, for: account) != nil else {
            throw .noSuchEntity("Scope ARN: \(arn) does not exist or is not attachable.")
        }
    }

    package static func checkPolicyARN(_ arn: String) throws(IAMError) {
        guard arn.utf8.count >= 20 else {
            throw .constraint(arn, "policyArn", "Member must have length greater than or equal to 20")
        }
        guard arn.utf8.count <= 2048 else {
            throw .constraint(arn, "policyArn", "Member must have length less than or equal to 2048")
        }
        guard let parsed = IAMARN(arn) else { throw .invalidARN }
        guard parsed.kind == "policy" else { throw .invalidInput("ARN \(arn) is not valid.") }
    }
}
