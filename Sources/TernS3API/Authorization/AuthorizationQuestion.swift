package import TernCore
import TernObjects
package import TernPorts
package import TernS3Protocol

extension S3Responder {
    /// What the authorizer is asked about an action on a bucket of this region, or on an object in it: with the bucket's
    /// policy and ACLs, Object Ownership and Block Public Access as they are. For simulations.
    ///
    /// - Throws: `NoSuchBucket`; `AccessDenied` where the bucket keeps the principal out before any policy is asked.
    package func authorizationRequest(
        of principal: Principal, to action: String, bucket name: String, key: ObjectKey?, context: [String: [String]]
    ) async throws(S3Error) -> AuthorizationRequest {
        let bucket = try await self.service.registry.state(name)
        return try await S3Authorization(
            environment: self.environment, principal: principal, requestID: "", conditions: { _ in [:] }
        ).request(action, bucket: bucket, key: key, version: nil, context: context)
    }
}
