import TernControlPlane
import TernRecords
import TernS3Protocol

extension IAMOperation {
    private static let whole: @Sendable (IAMCall) throws(IAMError) -> IAMTarget = { _ throws(IAMError) in .everything }

    /// Source: AWS IAM API Reference.
    static let account: [IAMOperation] = [
        .read("GetAccountSummary", Self.whole) { call throws(IAMError) in
            let summary = call.summary()
            return { xml in
                xml.open("SummaryMap")
                for (key, value) in summary {
                    xml.open("entry")
                    xml.element("key", key)
                    xml.element("value", value)
                    xml.close("entry")
                }
                xml.close("SummaryMap")
            }
        },
        .read("ListAccountAliases", Self.whole) { call throws(IAMError) in
            let aliases = call.state.alias(of: call.accountID).map { [$0] } ?? []
            let page = try IAMPage(aliases, call) { $0 }
            return { xml in page.write("AccountAliases", &xml) { $0.text($1) } }
        },
        .change("CreateAccountAlias", Self.whole) { call throws(IAMError) in
            let alias = try call.required("AccountAlias")
            try await call.change { state throws(IAMError) in try state.setAlias(alias, of: call.accountID) }
            return nil
        },
        .change("DeleteAccountAlias", Self.whole) { call throws(IAMError) in
            let alias = try call.required("AccountAlias")
            try await call.change { state throws(IAMError) in try state.removeAlias(alias, of: call.accountID) }
            return nil
        },
    ]
}

extension IAMCall {
    /// Counts and quotas, by the names that AWS gives them.
    fileprivate func summary() -> [(String, Int)] {
        let account = self.accountID
        let policies = self.state.policies.all(in: account)
        return [
            ("AccessKeysPerUserQuota", 2),
            ("AccountAccessKeysPresent", self.state.rootAccessKeys(of: account).isEmpty ? 0 : 1),
            ("AccountMFAEnabled", 0),
            ("AccountSigningCertificatesPresent", 0),
            ("AssumeRolePolicySizeQuota", 2048),
            ("AttachedPoliciesPerGroupQuota", 10),
            ("AttachedPoliciesPerRoleQuota", 10),
            ("AttachedPoliciesPerUserQuota", 10),
            ("GlobalEndpointTokenVersion", 2),
            ("GroupPolicySizeQuota", IAMGroupRecord.inlinePolicyLimit),
            ("Groups", self.state.groups.count(in: account)),
            ("GroupsPerUserQuota", 10),
            ("GroupsQuota", 300),
            ("InstanceProfiles", self.state.instanceProfiles.count(in: account)),
            ("InstanceProfilesQuota", IAMState.instanceProfileLimit),
            ("MFADevices", 0),
            ("MFADevicesInUse", 0),
            ("Policies", policies.count),
            ("PoliciesQuota", 1500),
            ("PolicySizeQuota", 6144),
            ("PolicyVersionsInUse", policies.reduce(0) { $0 + $1.versions.count }),
            ("PolicyVersionsInUseQuota", 10000),
            ("Providers", self.state.oidcProviders.count(in: account)),
            ("RolePolicySizeQuota", IAMRoleRecord.inlinePolicyLimit),
            ("Roles", self.state.roles.count(in: account)),
            ("RolesQuota", 5000),
            ("ServerCertificates", 0),
            ("ServerCertificatesQuota", 0),
            ("SigningCertificatesPerUserQuota", 0),
            ("UserPolicySizeQuota", IAMUserRecord.inlinePolicyLimit),
            ("Users", self.state.users.count(in: account)),
            ("UsersQuota", 5000),
            ("VersionsPerPolicyQuota", 5),
        ]
    }
}
