import Logging
import NIOSSL

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Where the certificate of a server and its key lie: two PEM files, which may be one and the same.
package struct TLSFiles: Equatable, Sendable {
    /// The server's certificate, and behind it those that lead from it to the authority that clients know.
    package var certificate: String
    package var key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// Whether a server could use the files as they are now.
    ///
    /// - Throws: ``TLSFileError``.
    package func check() throws(TLSFileError) {
        _ = try self.makeContext()
    }

    /// Reads the files. Blocks.
    func makeContext() throws(TLSFileError) -> NIOSSLContext {
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMFile(self.certificate)
        } catch {
            throw TLSFileError(path: self.certificate, reason: "no certificates in PEM form can be read: \(error)")
        }
        guard !certificates.isEmpty else { throw TLSFileError(path: self.certificate, reason: "holds no certificate") }
        let key: NIOSSLPrivateKey
        do {
            // Without the callback a key with a passphrase would make the process ask for it on the terminal.
            key = try NIOSSLPrivateKey(file: self.key, format: .pem) { (setter: ([UInt8]) -> Void) in setter([]) }
        } catch {
            throw TLSFileError(
                path: self.key, reason: "no private key in PEM form, without a passphrase, can be read: \(error)")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSFileError(path: self.key, reason: "is not the key of the certificate: \(error)")
        }
    }

    /// The certificate that new connections are shown. Connections that are open keep theirs.
    func follow(logger: Logger) throws(TLSFileError) -> FollowedFiles<NIOSSLContext> {
        try FollowedFiles([self.certificate, self.key], subject: "TLS certificate", logger: logger) {
            () throws(TLSFileError) in try self.makeContext()
        }
    }
}

/// A file of a certificate or key that cannot be used, and why.
package struct TLSFileError: Error, CustomStringConvertible {
    package var path: String
    package var reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    package var description: String { "\(self.path): \(self.reason)" }
}

/// A file at a moment: another content has another fingerprint, also where a link was turned to another file.
struct FileFingerprint: Equatable, Sendable {
    private var inode: UInt64
    private var byteCount: Int64
    private var seconds: Int
    private var nanoseconds: Int

    /// `nil` where no file is.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.inode = UInt64(status.st_ino)
        self.byteCount = Int64(status.st_size)
        #if canImport(Darwin)
        self.seconds = status.st_mtimespec.tv_sec
        self.nanoseconds = status.st_mtimespec.tv_nsec
        #else
        self.seconds = status.st_mtim.tv_sec
        self.nanoseconds = status.st_mtim.tv_nsec
        #endif
    }
}
