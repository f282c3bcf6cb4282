import TernCore
import TernPorts
import TernS3Protocol
import TernSigV4

extension S3Responder {
    /// The region that a request is handed on to (spec rule RGN-5); `nil` where this region answers it.
    ///
    /// Forwarded is what is signed for the bucket's own region: a client that keeps to this endpoint has learned the
    /// region from a redirect, and another redirect would send it in circles. Version 4A signs for a set of regions, and
    /// version 2 does not say for which it signs. Whether the signature is right is seen where the bucket is.
    func forwardingTarget(
        of head: HTTPRequestHead, target: RequestTarget, operation: Operation, location: BucketLocation?
    ) -> RegionName? {
        // Creating a bucket concerns this region, whoever has one of the name.
        guard self.forwarder != nil, operation.needsBucket, case .elsewhere(let region) = location,
            !head.headers.contains(ForwardedRequest.markerHeader)
        else { return nil }
        let request = SignedRequest(method: head.method, target: target, headers: head.headers)
        let policy = AuthenticationPolicy(acceptsV2Query: self.configuration.acceptsSigV2Query)
        // What is wrong with one that cannot be read, authentication says.
        guard let scheme = try? AuthenticationScheme.detect(in: request, policy: policy) else { return nil }
        switch scheme {
        case .v4Header(let parsed), .v4Query(let parsed):
            return parsed.admits(region) ? region : nil
        case .v2Query:
            return region
        case .anonymous, .v2Header:
            return nil
        }
    }

    /// The other region's answer, with that region's request ID.
    func forward(
        _ head: HTTPRequestHead, body: any HTTPRequestBody, to region: RegionName, by forwarder: (any RequestForwarder)?
    ) async throws(S3Error) -> HTTPAnswer {
        guard let forwarder else { throw .serviceUnavailable }
        do {
            return try await forwarder.forward(head, body: body, to: region)
        } catch {
            switch error {
            case .brokenBody(let error):
                throw .brokenBody(error)
            case .noAnswer(let why):
                throw S3Error(
                    code: "ServiceUnavailable", status: 503,
                    message: "The bucket is in the region \(region), which does not answer. Please retry. (\(why))")
            }
        }
    }
}
