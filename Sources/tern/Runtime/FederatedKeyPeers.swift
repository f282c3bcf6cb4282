import AsyncHTTPClient
import NIOCore
import TernControlPlane
import TernCore
import TernFederation
import TernPorts

/// KMS of the other regions, over the requests between regions.
struct FederatedKeyPeers: KeyPeers {
    let client: PeerClient

    var regions: Set<RegionName> {
        self.client.federation.regions.names.subtracting([self.client.federation.region])
    }

    func exchange(_ request: [UInt8], with region: RegionName) async throws -> [UInt8] {
        let answer = try await self.client.sendExpectingOK(
            .keys, body: .bytes(ByteBuffer(bytes: request)), to: region)
        return Array(answer.body.readableBytesView)
    }
}
