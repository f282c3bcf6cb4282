package import TernPorts

/// IAM without users and roles: only the roots of accounts act.
package struct NoPrincipals: PrincipalDirectory {
    package init() {}

    package var revision: UInt64 { 0 }

    package func policies(of principal: Principal) -> PrincipalPolicies? { nil }

    package func role(arn: String) -> AssumableRole? { nil }

    package func managedPolicy(arn: String) -> String? { nil }

    package func uniqueID(arn: String) -> String? { nil }

    package func arn(uniqueID: String) -> String? { nil }
}
