import Synchronization
import TernCore
import TernSigV4

/// Signs requests to each region with the federation's credential; regions may join at any time.
final class PeerSigners: Sendable {
    private let federation: FederationConfiguration
    private let signers = Mutex<[RegionName: RequestSigner]>([:])

    init(_ federation: FederationConfiguration) { self.federation = federation }

    func signer(for region: RegionName) -> RequestSigner {
        self.signers.withLock { signers in
            if let known = signers[region] { return known }
            let signer = RequestSigner(
                accessKeyID: self.federation.accessKeyID, secret: self.federation.secret, region: region.description,
                service: FederationConfiguration.signingService)
            signers[region] = signer
            return signer
        }
    }
}
