import Foundation
import TernControlPlane
import TernCore
import TernHTTPServer

/// The directory of a development federation, and the files in it.
///
/// ```
/// DIR/<region>/        the region's data
/// DIR/<region>.yaml    its configuration, as for `tern serve --config`
/// DIR/<region>.pid     its process, where it has one of its own
/// DIR/accounts.json    accounts and keys
/// DIR/aws/config       profiles for AWS tools
/// DIR/aws/credentials
/// DIR/ca.pem           with TLS: the authority that signs the regions' certificates
/// DIR/tls/             with TLS: the certificates and keys
/// DIR/root.key         the root key of all regions
/// DIR/dev.json         what a restart must find again: regions, ports, the federation's credential
/// DIR/dev.pid          the process of `tern dev`
/// ```
struct DevDirectory: Sendable {
    /// What a restart must find again.
    struct State: Codable, Equatable, Sendable {
        struct Region: Codable, Equatable, Sendable {
            var name: String
            var port: Int
            /// `nil` where the region has no console.
            var consolePort: Int?
        }

        var regions: [Region]
        var federation: FederationCredential
        /// Whether the regions speak HTTPS; `nil` is no.
        var tls: Bool?

        /// Where a region with this port answers.
        func endpoint(port: Int) -> String { "\(self.tls == true ? "https" : "http")://127.0.0.1:\(port)" }
    }

    /// Absolute.
    let path: String

    init(_ path: String) {
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path(percentEncoded: false).trimmingSlash()
    }

    func file(_ name: String) -> String { "\(self.path)/\(name)" }

    func configurationFile(_ region: RegionName) -> String { self.file("\(region).yaml") }

    func pidFile(_ region: RegionName) -> String { self.file("\(region).pid") }

    func tlsFiles(_ region: RegionName) -> TLSFiles {
        TLSFiles(certificate: self.file("tls/\(region).crt"), key: self.file("tls/\(region).key"))
    }

    var authorityFile: String { self.file("ca.pem") }
    var authorityKeyFile: String { self.file("tls/ca.key") }
    var accountsFile: String { self.file("accounts.json") }
    var awsConfigFile: String { self.file("aws/config") }
    var awsCredentialsFile: String { self.file("aws/credentials") }
    var rootKeyFile: String { self.file("root.key") }
    private var stateFile: String { self.file("dev.json") }

    /// Whether a development federation was made here.
    var exists: Bool {
        FileManager.default.fileExists(atPath: self.accountsFile)
            && FileManager.default.fileExists(atPath: self.stateFile)
    }

    func create() throws {
        do {
            try FileManager.default.createDirectory(atPath: self.file("aws"), withIntermediateDirectories: true)
        } catch {
            throw CommandFailure("cannot create \(self.path): \(error.localizedDescription)")
        }
    }

    /// Makes the root key of a federation that has none yet.
    func ensureRootKey() throws {
        guard !FileManager.default.fileExists(atPath: self.rootKeyFile) else { return }
        try PrivateFile.write(RandomKey.rootKey() + "\n", to: self.rootKeyFile)
    }

    /// The address of the first region's console, with its token; `nil` where there is none, or it never ran.
    func consoleAddress(_ state: State) -> String? {
        guard let first = state.regions.first, let port = first.consolePort,
            let data = FileManager.default.contents(atPath: self.file("\(first.name)/\(ConsoleTokenFile.name)"))
        else { return nil }
        let token = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return "\(state.endpoint(port: port))/#token=\(token)"
    }

    // MARK: Reading

    func state() throws -> State? { try self.read(State.self, self.stateFile) }

    func accounts() throws -> [DevAccount]? { try self.read([DevAccount].self, self.accountsFile) }

    /// The state, or what to do where there is none.
    func requiredState() throws -> State {
        guard let state = try self.state() else {
            throw CommandFailure("\(self.path) holds no development federation; make one with `tern dev \(self.path)`")
        }
        return state
    }

    private func read<Value: Decodable>(_ type: Value.Type, _ file: String) throws -> Value? {
        guard let data = FileManager.default.contents(atPath: file) else { return nil }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw CommandFailure("\(file) is damaged (\(error)); restore it, or remove it to begin anew")
        }
    }

    // MARK: Writing

    func write(_ state: State) throws { try self.write(state, self.stateFile) }

    func write(_ accounts: [ConfiguredAccount]) throws {
        try self.write(accounts.map(DevAccount.init), self.accountsFile)
    }

    private func write(_ value: some Encodable, _ file: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try PrivateFile.write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n", to: file)
    }

    func write(_ configurations: [RegionConfiguration]) throws {
        for configuration in configurations {
            try PrivateFile.write(
                "# Written by `tern dev`, anew at each start.\n" + configuration.yaml,
                to: self.configurationFile(configuration.region))
        }
        let profiles = AWSProfiles(configurations)
        try PrivateFile.write(profiles.config, to: self.awsConfigFile)
        try PrivateFile.write(profiles.credentials, to: self.awsCredentialsFile)
    }
}

extension String {
    fileprivate func trimmingSlash() -> String {
        self.count > 1 && self.hasSuffix("/") ? String(self.dropLast()) : self
    }
}
