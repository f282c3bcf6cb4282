package import TernCore
package import TernPorts
package import TernS3Protocol

/// Buckets as S3 Control needs them, which knows nothing else of them.
package protocol ControlledBuckets: Sendable {
    /// Whose buckets these are.
    var region: RegionName { get }

    /// Whether requests for buckets of other regions are handed on to them, and not redirected.
    var handsOn: Bool { get }

    /// Where a bucket is; `nil` where there is none.
    func region(of bucket: String) async throws(S3Error) -> RegionName?

    /// The account that owns a bucket of this region.
    func owner(of bucket: String) async throws(S3Error) -> AccountID

    /// What the authorizer is asked about an action on a bucket of this region.
    func authorizationRequest(
        of principal: Principal, to action: String, on bucket: String, context: [String: [String]]
    ) async throws(S3Error) -> AuthorizationRequest

    /// The tags of a bucket of this region.
    func tags(of bucket: String) async throws(S3Error) -> [Tag]

    /// Changes the tags of a bucket of this region, in one commit.
    func changeTags(
        of bucket: String, _ change: @Sendable ([Tag]) throws(S3Error) -> [Tag]
    ) async throws(S3Error)
}
