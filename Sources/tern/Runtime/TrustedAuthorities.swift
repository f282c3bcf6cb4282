import Logging
import NIOSSL
import TernFederation
import TernHTTPServer

/// The authorities whose certificates this process believes of other regions, `federation.ca_file`, and of identity
/// providers, `web_identity.ca_file`.
enum TrustedAuthorities {
    /// For a process that lives as long as one question.
    ///
    /// - Parameter caFile: A PEM file of certificates that take the place of the system's authorities.
    /// - Returns: `nil` for the system's authorities.
    /// - Throws: ``CommandFailure`` when the file cannot be used.
    static func configuration(caFile: String?, option: String = "federation.ca_file") throws -> TLSConfiguration? {
        guard let caFile else { return nil }
        do throws(TLSFileError) {
            return try self.read(caFile).configuration
        } catch {
            throw CommandFailure("\(option) \(error)")
        }
    }

    /// For a region, which follows the file.
    ///
    /// - Throws: ``CommandFailure`` when the file cannot be used.
    static func follow(_ caFile: String, logger: Logger) throws -> FollowedFiles<PeerTrust> {
        do throws(TLSFileError) {
            return try FollowedFiles([caFile], subject: "federation.ca_file", logger: logger) {
                () throws(TLSFileError) in
                try self.read(caFile)
            }
        } catch {
            throw CommandFailure("federation.ca_file \(error)")
        }
    }

    private static func read(_ path: String) throws(TLSFileError) -> PeerTrust {
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            throw TLSFileError(path: path, reason: "holds no certificates in PEM form: \(error)")
        }
        guard !certificates.isEmpty else { throw TLSFileError(path: path, reason: "holds no certificate") }
        do {
            return try PeerTrust(authorities: certificates)
        } catch {
            throw TLSFileError(path: path, reason: "holds certificates that cannot be trusted: \(error)")
        }
    }
}
