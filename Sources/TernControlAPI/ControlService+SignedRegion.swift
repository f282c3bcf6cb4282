import TernChecksums
import TernControlPlane
import TernCore
import TernPorts
import TernSigV4

extension ControlService {
    /// The region that a request is signed for; `nil` where it is none of these, or the request is not signed by a header
    /// of version 4. The signature itself is not looked at.
    func signedRegion(of head: HTTPRequestHead, body: [UInt8], among regions: RegionMap) -> RegionName? {
        guard let target = RequestTarget(head.target) else { return nil }
        let request = SignedRequest(method: head.method, target: target, headers: head.headers)
        var policy = AuthenticationPolicy(service: self.name, acceptsV2Query: false)
        policy.bodySHA256 = SHA256Hasher.hash(body)
        guard case .v4Header(let parsed) = try? AuthenticationScheme.detect(in: request, policy: policy),
            let region = RegionName(parsed.credential.region), regions.contains(region)
        else { return nil }
        return region
    }
}
