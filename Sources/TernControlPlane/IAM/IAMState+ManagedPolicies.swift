package import TernRecords

extension IAMState {
    /// IAM-22: bytes of a managed policy, white space left out.
    static let policyLimit = 6144
    static let versionLimit = 5

    /// A managed policy that the account may see: its own or one of AWS's.
    package func policy(_ arn: String, in account: String) throws(IAMError) -> IAMPolicyRecord {
        try Self.checkPolicyARN(arn)
        guard let policy = self.managedPolicy(arn, for: account) else { throw .policyNotFound(arn) }
        return policy
    }

    /// A policy that the account may change.
    func ownPolicy(_ arn: String, in account: String) throws(IAMError) -> IAMPolicyRecord {
        let policy = try self.policy(arn, in: account)
        guard policy.account == account else {
            throw .unmodifiable("Policies of AWS cannot be changed: \(arn)")
        }
        return policy
    }

    package func version(_ id: String, of policy: IAMPolicyRecord) throws(IAMError) -> IAMPolicyVersion {
        try Self.checkVersionID(id)
        guard let number = UInt32(id.dropFirst()), let version = policy.version(number) else {
            throw .policyVersionNotFound(policy.arn, id)
        }
        return version
    }

    private static func checkVersionID(_ id: String) throws(IAMError) {
        let digits = id.utf8.dropFirst()
        guard id.hasPrefix("v"), !digits.isEmpty, digits.count <= 9, digits.first != UInt8(ascii: "0"),
            digits.allSatisfy({ (0x30...0x39).contains($0) })
        else {
            throw .constraint(
                id, "versionId",
                #"Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?"#)
        }
    }

    /// - Parameter new: With ID, account, name, path, times, description and tags.
    package func createPolicy(_ new: IAMPolicyRecord, document: String) throws(IAMError) -> IAMPlan<IAMPolicyRecord> {
        try IAMNames.check(new.name, "policyName", limit: 128)
        try IAMNames.checkPath(new.path)
        try IAMNames.checkLength(new.description_p, "description", 0...1000)
        try IAMNames.checkTags(new.tags)
        try Self.checkManaged(document)
        guard self.policies.named(new.name, in: new.account) == nil else {
            throw .alreadyExists("A policy called \(new.name) already exists. Duplicate names are not allowed.")
        }
        guard self.policies.count(in: new.account) < 1500 else { throw .quota("PoliciesPerAccount", 1500) }
        var policy = new
        policy.add(document, at: new.createdMs)
        policy.defaultVersion = policy.lastVersion
        return IAMPlan([try policy.write()], policy)
    }

    package func createPolicyVersion(
        _ document: String, of arn: String, in account: String, setsDefault: Bool, now: Int64
    ) throws(IAMError) -> IAMPlan<IAMPolicyRecord> {
        var policy = try self.ownPolicy(arn, in: account)
        try Self.checkManaged(document)
        guard policy.versions.count < Self.versionLimit else {
            throw .limitExceeded(
                "A managed policy can have up to \(Self.versionLimit) versions. Before you create a new version, you must "
                    + "delete an existing version.")
        }
        policy.add(document, at: now)
        if setsDefault {
            policy.defaultVersion = policy.lastVersion
            policy.updatedMs = now
        }
        return IAMPlan([try policy.write()], policy)
    }

    package func deletePolicyVersion(
        _ id: String, of arn: String, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        var policy = try self.ownPolicy(arn, in: account)
        let version = try self.version(id, of: policy)
        guard version.number != policy.defaultVersion else {
            throw .deleteConflict("Cannot delete the default version of a policy.")
        }
        policy.versions.removeAll { $0.number == version.number }
        return IAMPlan([try policy.write()], ())
    }

    package func setDefaultVersion(
        _ id: String, of arn: String, in account: String, now: Int64
    ) throws(IAMError) -> IAMPlan<Void> {
        var policy = try self.ownPolicy(arn, in: account)
        policy.defaultVersion = try self.version(id, of: policy).number
        policy.updatedMs = now
        return IAMPlan([try policy.write()], ())
    }

    package func deletePolicy(_ arn: String, in account: String) throws(IAMError) -> IAMPlan<Void> {
        let policy = try self.ownPolicy(arn, in: account)
        let usage = self.policyUsage(in: account)[policy.arn] ?? IAMPolicyUsage()
        guard usage.attachments == 0, usage.boundaries == 0 else {
            throw .deleteConflict("Cannot delete a policy attached to entities.")
        }
        guard policy.versions.count == 1 else {
            throw .deleteConflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
                    + "The default version is deleted with the policy.")
        }
        return IAMPlan([policy.removal], ())
    }

    /// How often each policy is used in an account, by ARN.
    package func policyUsage(in account: String) -> [String: IAMPolicyUsage] {
        var usage: [String: IAMPolicyUsage] = [:]
        func attached(_ holder: some IAMPolicyHolder) {
            for arn in holder.attachedPolicies { usage[arn, default: IAMPolicyUsage()].attachments += 1 }
        }
        func bounded(_ holder: some IAMBounded) {
            guard !holder.boundary.isEmpty else { return }
            usage[holder.boundary, default: IAMPolicyUsage()].boundaries += 1
        }
        for user in self.users.all(in: account) {
            attached(user)
            bounded(user)
        }
        for group in self.groups.all(in: account) { attached(group) }
        for role in self.roles.all(in: account) {
            attached(role)
            bounded(role)
        }
        return usage
    }

    private static func checkManaged(_ document: String) throws(IAMError) {
        try IAMPolicyCheck.identity(document)
        guard IAMPolicyCheck.size(document) <= Self.policyLimit else { throw .quota("PolicySize", Self.policyLimit) }
    }
}

/// Who uses a managed policy.
package struct IAMPolicyUsage: Hashable, Sendable {
    package var attachments = 0
    package var boundaries = 0
}

extension IAMPolicyRecord {
    /// A new version, with a number that none ever had.
    mutating func add(_ document: String, at milliseconds: Int64) {
        self.lastVersion += 1
        var version = IAMPolicyVersion()
        version.number = self.lastVersion
        version.document = document
        version.createdMs = milliseconds
        self.versions.append(version)
    }
}
