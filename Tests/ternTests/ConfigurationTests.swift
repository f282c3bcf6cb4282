import Foundation
import Logging
import TernControlPlane
import TernCore
import TernHTTPServer
import TernObjects
import TernReplication
import Testing

@testable import tern

@Suite("The configuration of a region")
struct ConfigurationTests {
    private static let minimal = """
        region: us-east-1
        listen: 127.0.0.1:9000
        data_directory: /data
        accounts:
          - id: "111111111111"
            access_key: AKIAEXAMPLE
            secret_key: secretsecret
        """

    private static func read(_ yaml: String) throws -> RegionConfiguration {
        try RegionConfiguration(yaml: yaml, file: "t.yaml")
    }

    private static func message(_ yaml: String) -> String {
        do {
            _ = try self.read(yaml)
            return "valid"
        } catch {
            return "\(error)"
        }
    }

    @Test("What is not said has its default")
    func defaults() throws {
        let configuration = try Self.read(Self.minimal)
        #expect(configuration.region == .usEast1)
        #expect(configuration.listen == ListenAddress(host: "127.0.0.1", port: 9000))
        #expect(configuration.homeRegion == .usEast1)
        #expect(configuration.endpoint == "http://127.0.0.1:9000")
        #expect(configuration.accounts.map(\.displayName) == ["111111111111"])
        #expect(configuration.limits == RegionConfiguration.Limits())
        #expect(configuration.storage == RegionConfiguration.Storage())
        #expect(configuration.authentication.sigV2Query)
        #expect(configuration.log.format == .text)
    }

    @Test("With a certificate, a region that stands alone is reached by https")
    func tls() throws {
        let configuration = try Self.read(
            Self.minimal + "\ntls:\n  certificate: /c\n  key: /k\nfederation:\n  ca_file: /ca")
        #expect(configuration.tls == TLSFiles(certificate: "/c", key: "/k"))
        #expect(configuration.serverConfiguration.tls == configuration.tls)
        #expect(configuration.endpoint == "https://127.0.0.1:9000")
        #expect(configuration.federationCAFile == "/ca")
        #expect(try RegionConfiguration(yaml: configuration.yaml, file: "t.yaml") == configuration)
        #expect(Self.message(Self.minimal + "\ntls:\n  certificate: /c").contains("tls.key is missing"))
        #expect(Self.message(Self.minimal + "\ntls:\n  key: /k").contains("tls.certificate is missing"))
    }

    @Test("The example in the documentation is valid and names every option")
    func example() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/tern.example.yaml").standardizedFileURL.path(percentEncoded: false)
        let configuration = try RegionConfiguration.load(path, environment: [:])
        #expect(configuration.accounts.count == 2)
        #expect(configuration.federatedRegions.count == 2)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let names = configuration.yaml.split(separator: "\n").compactMap { line in
            line.split(separator: ":").first?.replacing("-", with: "").trimmingCharacters(in: .whitespaces)
        }
        for name in names { #expect(text.contains("\(name):"), "\(name) is not described") }
        // Where the example shows a default, it is the default.
        #expect(configuration.limits == RegionConfiguration.Limits())
        #expect(configuration.storage == RegionConfiguration.Storage())
    }

    @Test(
        "RGN-5: requests for other regions are handed on where only this machine can ask, or where it is said",
        arguments: [
            ("127.0.0.1:9000", "", true), ("localhost:9000", "", true), ("\"[::1]:9000\"", "", true),
            ("0.0.0.0:9000", "", false), ("10.0.0.1:9000", "", false),
            ("0.0.0.0:9000", "cross_region_access: proxy", true),
            ("127.0.0.1:9000", "cross_region_access: redirect", false),
        ])
    func crossRegionAccess(listen: String, option: String, proxies: Bool) throws {
        let yaml = Self.minimal.replacing("127.0.0.1:9000", with: listen) + "\n\(option)\n"
        #expect(try Self.read(yaml).proxiesOtherRegions == proxies)
    }

    @Test("What is written is read back the same")
    func roundTrip() throws {
        var configuration = try Self.read(Self.minimal)
        configuration.pidFile = "/run/a \"quoted\" \\ name.pid"
        configuration.baseDomains = ["s3.example.com"]
        configuration.federatedRegions.append(
            FederatedRegion(name: RegionName(trusted: "eu-west-1"), endpoint: "http://h:1"))
        configuration.federationCredential = FederationCredential(accessKey: "TERN", secretKey: "0123456789: #abcdef")
        configuration.accounts[0].displayName = "Jürgen: # 'x'"
        configuration.log = RegionConfiguration.Log(level: .debug, format: .json)
        configuration.limits.connections = 7
        configuration.storage.cacheMiB = 9
        configuration.storage.pools = [
            StoragePool(
                name: "cold", directory: "/mnt/a b", compression: .zstd, classes: [.glacier, .deepArchive]),
            StoragePool(name: "warm", directory: "/mnt/warm", classes: []),
        ]
        configuration.lifecycle.dayLengthSeconds = 2
        configuration.lifecycle.intervalSeconds = 5
        configuration.restore.bulkSeconds = 6
        configuration.authentication.sigV2Query = false
        configuration.crossRegionAccess = .redirect
        configuration.bandwidthLimits = [
            .region("eu-west-1"): BandwidthLimit(
                bytesPerSecond: nil, windows: [.init(start: 480, end: 1080, bytesPerSecond: 2_000_000)],
                zone: "Europe/Berlin"),
            .bucket("copy"): BandwidthLimit(bytesPerSecond: 1_234_567),
        ]
        #expect(try Self.read(configuration.yaml) == configuration)
    }

    struct Fault: CustomTestStringConvertible, Sendable {
        var replace: String = ""
        var with: String = ""
        var append: String = ""
        var message: String
        var testDescription: String { self.message }
    }

    @Test(
        "A fault is named with its line and what to do",
        arguments: [
            Fault(append: "lisen: x", message: "t.yaml:8: lisen is not an option; did you mean listen?"),
            Fault(
                append: "limits:\n  conections: 5",
                message: "t.yaml:9: limits.conections is not an option; did you mean limits.connections?"),
            Fault(
                append: "storage:\n  colour: red",
                message: "t.yaml:9: storage.colour is not an option; remove it; the options here are cache_mib, "
                    + "inline_threshold_bytes, pools, reserve_mib"),
            Fault(
                append: "region: x", message: "t.yaml: in the options from line 1 on, region stands twice; remove one"),
            Fault(
                replace: "region: us-east-1", with: "region: US",
                message: "t.yaml:1: region is `US`; use 1 to 63 of a-z, 0-9 and -, such as us-east-1"),
            Fault(
                replace: "listen: 127.0.0.1:9000", with: "listen: 9000",
                message: "t.yaml:2: listen is `9000`; write HOST:PORT, such as 127.0.0.1:9000 or 0.0.0.0:9000"),
            Fault(
                replace: "data_directory: /data", with: "",
                message: "t.yaml:1: data_directory is missing; add it, for example `data_directory: /var/lib/tern`"),
            Fault(
                replace: "\"111111111111\"", with: "12",
                message: "t.yaml:5: accounts[0].id is `12`; an account has 12 digits"),
            Fault(
                append: "limits: {connections: many}",
                message: "t.yaml:8: limits.connections is `many`; it must be a whole number from 1 to 1000000"),
            Fault(append: "log: {format: xml}", message: "t.yaml:8: log.format is `xml`; it must be one of text, json"),
            Fault(
                append: "auth: {sigv2_query: 2}", message: "t.yaml:8: auth.sigv2_query is `2`; it must be true or false"
            ),
            Fault(
                append: "home_region: eu-west-1",
                message: "t.yaml:8: home_region is eu-west-1, which federation.regions does not contain; add it there"),
            Fault(
                append: "federation:\n  regions:\n    - {name: us-east-1, endpoint: 'http://h:1/path'}",
                message:
                    "t.yaml:10: federation.regions[0].endpoint is `http://h:1/path`; write http://HOST:PORT or https://HOST:PORT without a path"
            ),
            Fault(
                append:
                    "federation:\n  regions:\n    - {name: us-east-1, endpoint: 'http://a'}\n    - {name: b, endpoint: 'http://b'}",
                message:
                    "t.yaml:9: federation.credential is missing; several regions need one access_key and secret_key, "
                    + "the same in each"),
            Fault(
                append: "limits: 5",
                message: "t.yaml:8: limits must be a list of options, each on a line as `name: value`"),
        ])
    func faults(_ fault: Fault) {
        let yaml = fault.replace.isEmpty ? Self.minimal : Self.minimal.replacing(fault.replace, with: fault.with)
        #expect(Self.message(yaml + "\n" + fault.append) == fault.message)
    }

    @Test("The environment overrides what differs between machines")
    func environment() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "tern-\(UUID()).yaml").path(
            percentEncoded: false)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try PrivateFile.write(Self.minimal, to: path)
        let configuration = try RegionConfiguration.load(
            path,
            environment: [
                "TERN_LISTEN": "[::1]:7", "TERN_DATA_DIRECTORY": "/other", "TERN_LOG_LEVEL": "error",
                "TERN_LOG_FORMAT": "json",
            ])
        #expect(configuration.listen == ListenAddress(host: "::1", port: 7))
        #expect(configuration.dataDirectory == "/other")
        #expect(configuration.log == RegionConfiguration.Log(level: .error, format: .json))
        #expect(throws: CommandFailure.self) { try RegionConfiguration.load(path, environment: ["TERN_LISTEN": "x"]) }
        #expect(throws: CommandFailure.self) { try RegionConfiguration.load(path + ".no", environment: [:]) }
    }

    @Test(
        "Addresses to listen on",
        arguments: [
            ("127.0.0.1:9000", ListenAddress(host: "127.0.0.1", port: 9000)),
            (":80", ListenAddress(host: "0.0.0.0", port: 80)),
            ("[::]:0", ListenAddress(host: "::", port: 0)),
            ("localhost:65535", ListenAddress(host: "localhost", port: 65535)),
            ("::1:80", nil), ("h:65536", nil), ("h", nil), ("h:-1", nil), ("h:", nil),
        ])
    func listenAddress(_ text: String, _ address: ListenAddress?) {
        #expect(ListenAddress(text) == address)
    }
}
