import TernControlPlane
import TernS3Protocol

/// Writes the members of an answer's result.
typealias IAMResult = (inout XMLWriter) -> Void

/// One operation of IAM.
struct IAMOperation: Sendable {
    /// As `Action` has it; `iam:` before it is what policies call it.
    var name: String
    /// Whether the home region has to answer.
    var isChange: Bool
    var target: @Sendable (IAMCall) throws(IAMError) -> IAMTarget
    /// `nil` for an operation whose answer has no result.
    var perform: @Sendable (IAMCall) async throws(IAMError) -> IAMResult?

    /// An operation that looks only.
    static func read(
        _ name: String, _ target: @escaping @Sendable (IAMCall) throws(IAMError) -> IAMTarget,
        _ perform: @escaping @Sendable (IAMCall) async throws(IAMError) -> IAMResult?
    ) -> IAMOperation {
        IAMOperation(name: name, isChange: false, target: target, perform: perform)
    }

    /// An operation that changes something.
    static func change(
        _ name: String, _ target: @escaping @Sendable (IAMCall) throws(IAMError) -> IAMTarget,
        _ perform: @escaping @Sendable (IAMCall) async throws(IAMError) -> IAMResult?
    ) -> IAMOperation {
        IAMOperation(name: name, isChange: true, target: target, perform: perform)
    }

    /// By name.
    static let all: [String: IAMOperation] = {
        let families = [
            Self.users, Self.groups, Self.roles, Self.holderPolicies, Self.managedPolicies, Self.policyVersions,
            Self.accessKeys, Self.tagging, Self.boundaries, Self.account, Self.accountDetails, Self.simulation,
            Self.absent, Self.serviceLinkedRoles, Self.instanceProfiles, Self.oidcProviders,
        ]
        return Dictionary(families.joined().map { ($0.name, $0) }) { first, _ in first }
    }()
}
