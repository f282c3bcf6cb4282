import Foundation
import TernCore
import TernHTTPServer

/// The certificates of a development federation, made by the `openssl` command: an authority that is kept, and a
/// certificate for each region, anew at each start.
///
/// ```
/// DIR/ca.pem            the authority's certificate, for clients
/// DIR/tls/ca.key
/// DIR/tls/<region>.crt
/// DIR/tls/<region>.key
/// ```
struct DevCertificates {
    private let directory: DevDirectory
    /// What openssl is told besides the command line: the system's own configuration is not looked at.
    private let configurationFile: String

    /// Makes what is missing or about to expire.
    ///
    /// - Throws: ``CommandFailure`` with openssl's words.
    static func ensure(for regions: [RegionName], in directory: DevDirectory) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory.file("tls"), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw CommandFailure("cannot create \(directory.file("tls")): \(error.localizedDescription)")
        }
        let certificates = DevCertificates(directory: directory, configurationFile: directory.file("tls/openssl.cnf"))
        try PrivateFile.write(Self.configuration(for: regions), to: certificates.configurationFile)
        if !certificates.hasAuthority { try certificates.makeAuthority() }
        for region in regions { try certificates.issue(region) }
    }

    /// The names are those of the default `base_domains`. Buckets have names under `s3.localhost` only: clients refuse a
    /// wildcard right below a top-level domain.
    private static func configuration(for regions: [RegionName]) -> String {
        let domains = ["s3.localhost"] + regions.map { "s3.\($0).localhost" }
        let names = (["localhost"] + domains.flatMap { [$0, "*.\($0)"] }).map { "DNS:\($0)" }
        return """
            [req]
            distinguished_name = subject
            prompt = no
            [subject]
            CN = Tern development
            [authority]
            basicConstraints = critical, CA:TRUE, pathlen:0
            keyUsage = critical, keyCertSign, cRLSign
            subjectKeyIdentifier = hash
            [region]
            basicConstraints = critical, CA:FALSE
            keyUsage = critical, digitalSignature
            extendedKeyUsage = serverAuth
            subjectKeyIdentifier = hash
            authorityKeyIdentifier = keyid
            subjectAltName = \(names.joined(separator: ", ")), IP:127.0.0.1, IP:::1

            """
    }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    /// Whether there is an authority that is good for another month.
    private var hasAuthority: Bool {
        guard FileManager.default.fileExists(atPath: self.directory.authorityKeyFile) else { return false }
        let check = ["x509", "-in", self.directory.authorityFile, "-noout", "-checkend", "2592000"]
        return (try? Self.openssl(check)) != nil
    }

    private func makeAuthority() throws {
        let (certificate, key) = (self.directory.authorityFile, self.directory.authorityKeyFile)
        try Self.openssl(
            ["req", "-x509", "-config", self.configurationFile, "-extensions", "authority", "-days", "3650"]
                + Self.newKey + ["-keyout", key + ".new", "-out", certificate + ".new"])
        try Self.install(key, permissions: 0o600)
        try Self.install(certificate, permissions: 0o644)
    }

    private func issue(_ region: RegionName) throws {
        let files = self.directory.tlsFiles(region)
        let request = files.certificate + ".request"
        defer { try? FileManager.default.removeItem(atPath: request) }
        try Self.openssl(
            ["req", "-new", "-config", self.configurationFile, "-subj", "/CN=\(region)"]
                + Self.newKey + ["-keyout", files.key + ".new", "-out", request])
        let serial = String(UInt64.random(in: 1...UInt64(Int64.max)), radix: 16)
        try Self.openssl([
            "x509", "-req", "-in", request, "-CA", self.directory.authorityFile,
            "-CAkey", self.directory.authorityKeyFile, "-set_serial", "0x\(serial)", "-days", "397", "-sha256",
            "-extfile", self.configurationFile, "-extensions", "region", "-out", files.certificate + ".new",
        ])
        try Self.install(files.key, permissions: 0o600)
        try Self.install(files.certificate, permissions: 0o644)
    }

    /// Puts the file that was written beside `path` in its place.
    private static func install(_ path: String, permissions: mode_t) throws {
        guard chmod(path + ".new", permissions) == 0, rename(path + ".new", path) == 0 else {
            throw CommandFailure("cannot replace \(path): \(String(cString: strerror(errno)))")
        }
    }

    private static func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let errors = Pipe()
        process.standardError = errors
        do {
            try process.run()
        } catch {
            throw CommandFailure("--tls: cannot run openssl: \(error)")
        }
        let words = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        if process.terminationStatus == 127 {
            throw CommandFailure("--tls makes certificates with the command `openssl`, which is not installed")
        }
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw CommandFailure(
                "--tls: `openssl \(arguments.joined(separator: " "))` failed: \(String(decoding: words, as: UTF8.self))"
            )
        }
    }
}
