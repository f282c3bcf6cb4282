import AsyncHTTPClient
package import TernRecords

extension PeerClient {
    /// Tells the home region of uses of access keys and roles.
    package func report(_ uses: [IAMUseRecord]) async throws {
        _ = try await self.sendExpectingOK(
            .uses, body: .bytes(try Frames.encode(uses)), to: self.federation.home, timeout: .seconds(10))
    }
}
