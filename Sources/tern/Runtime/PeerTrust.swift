import NIOSSL

/// Which certificates of other regions this process believes.
enum PeerTrust {
    /// - Parameter caFile: A PEM file of certificates that take the place of the system's authorities.
    /// - Returns: `nil` for the system's authorities.
    /// - Throws: ``CommandFailure`` when the file holds no certificates.
    static func configuration(caFile: String?) throws -> TLSConfiguration? {
        guard let caFile else { return nil }
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMFile(caFile)
        } catch {
            throw CommandFailure("federation.ca_file \(caFile) holds no certificates in PEM form: \(error)")
        }
        guard !certificates.isEmpty else { throw CommandFailure("federation.ca_file \(caFile) holds no certificate") }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.trustRoots = .certificates(certificates)
        return configuration
    }
}
