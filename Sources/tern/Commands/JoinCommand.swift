import ArgumentParser
import Foundation
import TernControlPlane
import TernCore
import TernHTTPServer

/// `tern join` (identity-and-control, part 8).
struct JoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Join a federation as a new region, and serve it.",
        discussion: """
            On a machine of the federation: tern region invite ap-1 --config /etc/tern/us-east-1.yaml
            On the new one, with the root key's file copied there:

              tern join TOKEN --config /etc/tern/ap-1.yaml --data /var/lib/tern --listen 0.0.0.0:9000 \\
                --endpoint http://10.0.2.1:9000 --root-key-file /etc/tern/root.key

            It fetches what the regions have in common from the home region, tells it of the new one, and writes the \
            configuration; the other regions learn of it by themselves. While the home region is away it tries again. \
            Where the configuration is there already, nothing changes: the command may be run again, and may be what \
            starts the region.
            """)

    @Argument(help: "The invitation. Default: $TERN_JOIN_TOKEN. `-` reads it from the standard input.")
    var token: String?

    @Option(name: [.short, .long], help: "The configuration to write.")
    var config: String

    @Option(name: .customLong("data"), help: "The directory of the region's data.")
    var dataDirectory = "/var/lib/tern"

    @Option(help: "The address to listen on, HOST:PORT.")
    var listen = "0.0.0.0:9000"

    @Option(help: "How the other regions, and operators, reach this one. Default: the address to listen on.")
    var endpoint: String?

    @Option(name: .customLong("root-key-file"), help: "The file of the federation's root key; or set TERN_ROOT_KEY.")
    var rootKeyFile: String?

    @Option(name: .customLong("ca-file"), help: "PEM file of the authorities of the regions' certificates.")
    var caFile: String?

    @Option(name: .customLong("tls-certificate"), help: "PEM file of the certificate to serve with.")
    var tlsCertificate: String?

    @Option(name: .customLong("tls-key"), help: "PEM file of the certificate's key.")
    var tlsKey: String?

    @Flag(inversion: .prefixedNo, help: "Serve the region when it has joined.")
    var serve = true

    func validate() throws {
        guard (self.tlsCertificate == nil) == (self.tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key belong together")
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let invitation = try self.invitation(environment)
        var configuration = try self.draft(invitation)
        let client = JoinClient(
            invitation: invitation, endpoint: configuration.endpoint, caFile: configuration.federationCAFile,
            waits: { Self.say($0) })
        if try await !self.hasJoined(configuration) {
            // Nothing changes at home before this machine has what a region needs.
            let answer = try await client.ask(joins: false)
            try Self.complete(&configuration, answer)
            try Self.checkRootKey(configuration, answer, environment)
            try Self.checkFiles(configuration)
            let final = try await client.ask(joins: true)
            try Self.complete(&configuration, final)
            if !FileManager.default.fileExists(atPath: self.config) {
                try PrivateFile.write(configuration.yaml, to: self.config)
            }
            Self.say(
                "\(configuration.region) has joined the federation of \(configuration.homeRegion); wrote \(self.config)"
            )
        } else {
            Self.say("\(configuration.region) has joined already, as \(self.config) says; nothing to change")
        }
        guard self.serve else { return }
        try await ServeCommand.parse(["--config", self.config]).run()
    }

    private static func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    // MARK: What is asked for

    private func invitation(_ environment: [String: String]) throws -> RegionInvitation {
        var text = self.token ?? environment["TERN_JOIN_TOKEN"] ?? ""
        if text == "-" { text = readLine() ?? "" }
        guard !text.isEmpty else {
            throw CommandFailure("which invitation? Give the one that `tern region invite NAME` printed")
        }
        guard let invitation = RegionInvitation(token: text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw CommandFailure("the invitation is damaged; copy all that `tern region invite NAME` printed")
        }
        return invitation
    }

    /// What the options say of the new region.
    private func draft(_ invitation: RegionInvitation) throws -> RegionConfiguration {
        guard let listen = ListenAddress(self.listen) else {
            throw CommandFailure("--listen \(self.listen): write HOST:PORT, such as 0.0.0.0:9000")
        }
        let scheme = self.tlsCertificate == nil ? "http" : "https"
        if self.endpoint == nil, ["0.0.0.0", "::"].contains(listen.host) {
            throw CommandFailure(
                "--endpoint: say how the other regions reach this one, such as \(scheme)://10.0.2.1:9000")
        }
        guard let endpoint = RegionConfiguration.normalEndpoint(self.endpoint ?? "\(scheme)://\(listen.text)") else {
            throw CommandFailure("--endpoint \(self.endpoint ?? ""): write http(s)://HOST:PORT without a path")
        }
        var configuration = RegionConfiguration(
            region: invitation.region, listen: listen, dataDirectory: Self.absolute(self.dataDirectory),
            homeRegion: invitation.region,
            federatedRegions: [FederatedRegion(name: invitation.region, endpoint: endpoint)], accounts: [])
        if let certificate = self.tlsCertificate, let key = self.tlsKey {
            configuration.tls = TLSFiles(certificate: Self.absolute(certificate), key: Self.absolute(key))
        }
        configuration.federationCAFile = self.caFile.map(Self.absolute)
        configuration.kms.rootKeyFile = self.rootKeyFile.map(Self.absolute)
        return configuration
    }

    private static func absolute(_ path: String) -> String {
        let absolute = URL(fileURLWithPath: path).standardizedFileURL.path(percentEncoded: false)
        // A directory that is there gets a slash at its end, one that is not does not.
        return absolute.count > 1 && absolute.hasSuffix("/") ? String(absolute.dropLast()) : absolute
    }

    /// Whether the configuration is there, and is what this command would have written. Where the home region answers, it
    /// must know the region, too.
    private func hasJoined(_ draft: RegionConfiguration) async throws -> Bool {
        guard FileManager.default.fileExists(atPath: self.config) else { return false }
        let there = try RegionConfiguration.load(self.config, environment: [:])
        let differences: [(String, String, String)] = [
            ("region", there.region.description, draft.region.description),
            ("listen", there.listen.text, draft.listen.text),
            ("data_directory", there.dataDirectory, draft.dataDirectory),
            ("endpoint", there.endpoint, draft.endpoint),
            ("tls.certificate", there.tls?.certificate ?? "", draft.tls?.certificate ?? ""),
            ("tls.key", there.tls?.key ?? "", draft.tls?.key ?? ""),
            ("federation.ca_file", there.federationCAFile ?? "", draft.federationCAFile ?? ""),
            ("kms.root_key_file", there.kms.rootKeyFile ?? "", draft.kms.rootKeyFile ?? ""),
        ]
        for (name, old, new) in differences where old != new {
            throw CommandFailure(
                "\(self.config) is there and says `\(old)` for \(name), not `\(new)`; change it there, or give another "
                    + "--config")
        }
        let targets = OperatorTargets(
            regions: there.federatedRegions, credential: there.federationCredential, caFile: there.federationCAFile)
        guard let home = there.federatedRegions.first(where: { $0.name == there.homeRegion }) else { return true }
        let answer: Data
        do {
            answer = try await OperatorClient(targets).get("/_tern/v1/regions", from: home)
        } catch is OperatorAnswerError {
            return false
        } catch {
            // The region serves while home is away.
            return true
        }
        let listing = try JSONDecoder().decode(RegionListing.self, from: answer)
        return listing.regions.contains { $0.name == there.region.description }
    }

    // MARK: What the home region answers

    private static func complete(_ configuration: inout RegionConfiguration, _ answer: JoinAnswer) throws {
        func name(_ text: String) throws -> RegionName {
            guard let name = RegionName(text) else { throw CommandFailure("the home region names a region `\(text)`") }
            return name
        }
        configuration.homeRegion = try name(answer.home)
        configuration.federatedRegions = try answer.regions.map {
            FederatedRegion(name: try name($0.name), endpoint: $0.endpoint)
        }
        configuration.federationCredential = answer.credential
        configuration.baseDomains = answer.baseDomains
        configuration.accounts = try answer.accounts.map { account in
            guard let id = AccountID(account.id) else {
                throw CommandFailure("the home region names an account `\(account.id)`")
            }
            return ConfiguredAccount(
                id: id, accessKey: account.accessKey, secretKey: account.secretKey, displayName: account.name,
                email: account.email)
        }
    }

    /// The root key never travels: that this machine has the right one is seen by what it opens.
    private static func checkRootKey(
        _ configuration: RegionConfiguration, _ answer: JoinAnswer, _ environment: [String: String]
    ) throws {
        let key = try RootKeySource.read(configuration, environment: environment)
        switch (key, answer.rootKeyCheck) {
        case (nil, nil): return
        case (nil, _?):
            throw CommandFailure(
                "the federation has a root key, and this machine has none; copy its file here by a way that you trust, "
                    + "and give --root-key-file")
        case (_?, nil):
            throw CommandFailure("the federation has no root key; join without one")
        case (let key?, let check?):
            guard let sealed = Base64.decode(check),
                key.open(sealed, label: JoinAnswer.rootKeyLabel) == JoinAnswer.rootKeyText
            else { throw CommandFailure("the root key of this machine is not the federation's") }
        }
    }

    private static func checkFiles(_ configuration: RegionConfiguration) throws {
        do throws(TLSFileError) {
            try configuration.tls?.check()
        } catch {
            throw CommandFailure("the TLS certificate cannot be used: \(error)")
        }
        // What is written must be what is read.
        _ = try RegionConfiguration(yaml: configuration.yaml, file: "the configuration")
    }
}
