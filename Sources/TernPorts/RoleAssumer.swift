package import TernCore

/// Assumes roles on behalf of parts of the server (STS-7): no token leaves the process.
package protocol RoleAssumer: Sendable {
    /// The session of a role, if its trust policy lets the service assume it for this source.
    ///
    /// - Parameters:
    ///   - service: Such as `s3.amazonaws.com`.
    ///   - sourceARN: The bucket or job for which the service acts.
    func assume(
        role arn: String, by service: String, sourceARN: String, sourceAccount: AccountID
    ) async -> Principal?

    /// The session of a role that another region has assumed; `nil` while this region does not know the role.
    func session(ofRole arn: String) async -> Principal?
}
