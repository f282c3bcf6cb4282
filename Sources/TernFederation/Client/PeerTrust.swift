package import NIOSSL

/// Whose certificates this region believes where another one's endpoint is `https`.
package struct PeerTrust: Sendable {
    /// For clients that make connections of their own.
    package let configuration: TLSConfiguration
    let context: NIOSSLContext

    /// - Parameter authorities: `nil` for the system's.
    /// - Throws: What BoringSSL finds wrong with the certificates.
    package init(authorities: [NIOSSLCertificate]?) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authorities { configuration.trustRoots = .certificates(authorities) }
        self.configuration = configuration
        self.context = try NIOSSLContext(configuration: configuration)
    }
}

/// Gives the trust as it is now: its file may be replaced while the region runs.
package typealias CurrentPeerTrust = @Sendable () -> PeerTrust
