import Foundation
import Logging
import TernControlPlane
import TernCore
import TernHTTPServer
import Testing

@testable import tern

@Suite("A federation for development")
struct DevTests {
    /// A directory that is removed behind the test.
    private static func withDirectory(_ body: (DevDirectory) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "tern-dev-\(UUID())").path(
            percentEncoded: false)
        let directory = DevDirectory(path)
        try directory.create()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(directory)
    }

    private static func plan(
        _ directory: DevDirectory, regions: [String] = [], accounts: [String] = [], tls: Bool? = nil
    ) throws -> DevPlan {
        try DevPlan(
            directory: directory, regionOptions: regions, accountOptions: accounts, tlsOption: tls,
            log: RegionConfiguration.Log())
    }

    @Test("By default there are two regions and an account with keys of its own")
    func defaults() throws {
        try Self.withDirectory { directory in
            let plan = try Self.plan(directory)
            #expect(plan.regions.map { "\($0.name):\($0.port)" } == ["us-east-1:9000", "eu-west-1:9001"])
            #expect(plan.accounts.count == 1)
            #expect(plan.accounts[0].accessKey.count == 20)
            #expect(plan.accounts[0].secretKey.count == 40)
            #expect(try Self.plan(directory).accounts[0].secretKey != plan.accounts[0].secretKey)
        }
    }

    @Test("A second run finds regions, ports, accounts and the credential of the first")
    func secondRun() throws {
        try Self.withDirectory { directory in
            let first = try Self.plan(
                directory, regions: ["a:0", "b:0"], accounts: ["222222222222:KEY:secretsecret:n"])
            let ports = [RegionName(trusted: "a"): 4001, RegionName(trusted: "b"): 4002]
            try first.write(first.configurations(in: directory, ports: ports, hasPIDFiles: false), to: directory)

            let second = try Self.plan(directory)
            #expect(second.regions.map { "\($0.name):\($0.port)" } == ["a:4001", "b:4002"])
            #expect(second.accounts == first.accounts)
            #expect(second.credential == first.credential)
            #expect(try Self.plan(directory, regions: ["b:0"]).earlierPorts[RegionName(trusted: "b")] == 4002)
        }
    }

    @Test("Each region's configuration is valid and knows every endpoint; files with secrets are private")
    func files() throws {
        try Self.withDirectory { directory in
            let plan = try Self.plan(directory, regions: ["a:0", "b:0"])
            let ports = [RegionName(trusted: "a"): 4001, RegionName(trusted: "b"): 4002]
            let written = plan.configurations(in: directory, ports: ports, hasPIDFiles: true)
            try plan.write(written, to: directory)
            for configuration in written {
                let file = directory.configurationFile(configuration.region)
                #expect(try RegionConfiguration.load(file, environment: [:]) == configuration)
                #expect(
                    configuration.federatedRegions.map(\.endpoint) == [
                        "http://127.0.0.1:4001", "http://127.0.0.1:4002",
                    ])
            }
            for file in ["a.yaml", "accounts.json", "aws/config", "aws/credentials", "dev.json"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: directory.file(file))
                #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
            }
            let accounts = try #require(try directory.accounts())
            #expect(accounts[0].canonicalId == ConfiguredAccount.canonicalID(of: plan.accounts[0].id))
        }
    }

    @Test("Profiles of AWS's tools: one a region for the first account, one a region and account")
    func profiles() throws {
        try Self.withDirectory { directory in
            let plan = try Self.plan(
                directory, regions: ["a:1"], accounts: ["111111111111:K11:secret-one", "222222222222:K22:secret-two"])
            let profiles = AWSProfiles(plan.configurations(in: directory, ports: [:], hasPIDFiles: false))
            #expect(
                profiles.config.hasPrefix(
                    "[profile a]\nregion = a\nendpoint_url = http://127.0.0.1:1\ns3 =\n  addressing_style = path\n"))
            #expect(
                profiles.config.hasSuffix(
                    "services = a\n\n[services a]\ns3_control =\n  endpoint_url = http://s3.localhost:1\n"))
            #expect(
                profiles.config.contains("[profile a-111111111111]")
                    && profiles.config.contains("[profile a-222222222222]"))
            #expect(
                profiles.credentials.hasPrefix("[a]\naws_access_key_id = K11\naws_secret_access_key = secret-one\n"))
            #expect(profiles.credentials.contains("[a-222222222222]\naws_access_key_id = K22\n"))
        }
    }

    @Test("With TLS the endpoints are https, tools are told the authority, and the next run keeps to it")
    func secure() throws {
        try Self.withDirectory { directory in
            let plan = try Self.plan(directory, regions: ["a:1", "b:2"], tls: true)
            let configurations = plan.configurations(in: directory, ports: [:], hasPIDFiles: false)
            #expect(configurations.map(\.endpoint) == ["https://127.0.0.1:1", "https://127.0.0.1:2"])
            try plan.write(configurations, to: directory)
            #expect(
                try RegionConfiguration.load(
                    directory.configurationFile(RegionName(trusted: "a")), environment: [:]) == configurations[0])
            #expect(
                AWSProfiles(configurations).config.hasPrefix(
                    "[profile a]\nregion = a\nendpoint_url = https://127.0.0.1:1\nca_bundle = \(directory.path)/ca.pem\ns3 =\n"
                ))
            #expect(try EnvCommand.text(directory).contains("export AWS_CA_BUNDLE='\(directory.path)/ca.pem'\n"))
            let targets = try OperatorTargets(directory)
            #expect(targets.regions.map(\.endpoint) == ["https://127.0.0.1:1", "https://127.0.0.1:2"])
            #expect(targets.caFile == "\(directory.path)/ca.pem")
            #expect(try Self.plan(directory).isSecure)
            let plain = try Self.plan(directory, tls: false)
            try plain.write(plain.configurations(in: directory, ports: [:], hasPIDFiles: false), to: directory)
            #expect(try !EnvCommand.text(directory).contains("AWS_CA_BUNDLE"))
            #expect(try OperatorTargets(directory).caFile == nil)
        }
    }

    @Test("Certificates: the authority is kept, the regions' are made anew, and each key is its certificate's")
    func certificates() throws {
        try Self.withDirectory { directory in
            let names = ["a", "b"].map { RegionName(trusted: $0) }
            try DevCertificates.ensure(for: names, in: directory)
            let authority = try #require(FileManager.default.contents(atPath: directory.authorityFile))
            let first = FileManager.default.contents(atPath: directory.tlsFiles(names[0]).certificate)
            try DevCertificates.ensure(for: names, in: directory)
            #expect(FileManager.default.contents(atPath: directory.authorityFile) == authority)
            #expect(FileManager.default.contents(atPath: directory.tlsFiles(names[0]).certificate) != first)
            for name in names {
                try directory.tlsFiles(name).check()
                let attributes = try FileManager.default.attributesOfItem(atPath: directory.tlsFiles(name).key)
                #expect(attributes[.posixPermissions] as? Int == 0o600)
            }
            #expect(try TrustedAuthorities.configuration(caFile: directory.authorityFile) != nil)
            // What was damaged is made anew.
            try Data("nonsense".utf8).write(to: URL(fileURLWithPath: directory.authorityFile))
            try DevCertificates.ensure(for: names, in: directory)
            #expect(try TrustedAuthorities.configuration(caFile: directory.authorityFile) != nil)
        }
    }

    @Test("The shell gets quoted words, whatever the directory is called")
    func environment() throws {
        #expect(EnvCommand.shellQuoted("/a b/it's $HOME") == "'/a b/it'\\''s $HOME'")
        try Self.withDirectory { directory in
            #expect(throws: CommandFailure.self) { try EnvCommand.text(directory) }
            let plan = try Self.plan(directory, regions: ["a:1", "b:2"])
            try plan.write(plan.configurations(in: directory, ports: [:], hasPIDFiles: false), to: directory)
            let text = try EnvCommand.text(directory)
            #expect(text.contains("export AWS_CONFIG_FILE='\(directory.path)/aws/config'\n"))
            #expect(text.contains("export AWS_PROFILE='a'\n"))
            #expect(text.contains("export TERN_DIR='\(directory.path)'\n"))
            #expect(text.contains("unset AWS_ACCESS_KEY_ID "))
        }
    }

    @Test(
        "Options that make no federation are refused",
        arguments: [
            (["a"], []), (["A:1"], []), (["a:1", "a:2"], []), (["a:1", "b:1"], []), (["a:70000"], []),
            ([], ["1:K11:secret"]),
            ([], ["111111111111:K11"]), ([], ["111111111111:K 1:secretsecret"]), ([], ["111111111111:K11:short"]),
            ([], ["111111111111:K11:secretsecret", "222222222222:K11:secretsecret"]),
        ])
    func refused(regions: [String], accounts: [String]) throws {
        try Self.withDirectory { directory in
            #expect(throws: CommandFailure.self) { try Self.plan(directory, regions: regions, accounts: accounts) }
        }
    }

    @Test("A PID file is held by its process; one that nobody holds is overwritten")
    func pidFile() throws {
        try Self.withDirectory { directory in
            let path = directory.file("x.pid")
            try PrivateFile.write("4242\n", to: path)
            #expect(PIDFile.owner(of: path) == nil)
            let file = try PIDFile(path: path)
            #expect(PIDFile.owner(of: path) == getpid())
            #expect(throws: CommandFailure.self) { try PIDFile(path: path) }
            file.remove()
            #expect(!FileManager.default.fileExists(atPath: path))
            #expect(PIDFile.owner(of: path) == nil)
        }
    }

    @Test("Ports: the one asked for, else that of the last run, else a free one, never one twice")
    func ports() throws {
        let a = RegionName(trusted: "a")
        let b = RegionName(trusted: "b")
        let chosen = try FreePorts.choose([DevRegion(name: a, port: 0), DevRegion(name: b, port: 0)], earlier: [:])
        #expect(chosen[a] != chosen[b])
        let port = try #require(chosen[a])
        #expect(try FreePorts.choose([DevRegion(name: a, port: 0)], earlier: chosen)[a] == port)
        #expect(try FreePorts.choose([DevRegion(name: a, port: port)], earlier: [:])[a] == port)
        let both = try FreePorts.choose(
            [DevRegion(name: a, port: port), DevRegion(name: b, port: 0)], earlier: [b: port])
        #expect(both[a] == port && both[b] != port)
    }
}
