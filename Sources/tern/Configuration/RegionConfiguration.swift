import Logging
import TernControlPlane
import TernCore
import TernEventDelivery
import TernHTTPServer
import TernLifecycle
import TernObjects
import TernReplication

/// An address to listen on.
struct ListenAddress: Equatable, Sendable {
    var host: String
    var port: Int

    /// Reads `HOST:PORT`, `[IPv6]:PORT`, or `:PORT` for every interface.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        self.host = host.isEmpty ? "0.0.0.0" : host
        self.port = port
    }

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Whether only this machine can reach the address.
    var isLoopback: Bool {
        self.host == "localhost" || self.host == "::1" || self.host.hasPrefix("127.")
    }

    /// The address as `HOST:PORT`.
    var text: String { self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)" }
}

/// What becomes of a request that is signed for a bucket's region, and reaches another (spec rule RGN-5).
enum CrossRegionAccess: String, CaseIterable, Sendable {
    /// It is handed on to the bucket's region.
    case proxy
    /// The client is told the bucket's region.
    case redirect
}

/// A region of the federation and where it is reached.
struct FederatedRegion: Equatable, Sendable {
    var name: RegionName
    /// `http://host:port`, without a slash at the end.
    var endpoint: String
}

/// The key with which the regions of a federation sign what they ask each other.
struct FederationCredential: Equatable, Sendable, Codable {
    var accessKey: String
    var secretKey: String
}

/// A directory of its own for the bodies of some storage classes.
struct StoragePool: Equatable, Sendable {
    enum Compression: String, Equatable, Sendable, CaseIterable {
        case none
        case zstd
    }

    /// Stored bodies name it: never changed afterwards.
    var name: String
    var directory: String
    var compression = Compression.none
    var classes: [StorageClass]
}

/// Everything that `tern serve` is told: one region. `docs/tern.example.yaml` describes each option.
struct RegionConfiguration: Equatable, Sendable {
    struct Log: Equatable, Sendable {
        var level = Logger.Level.info
        var format = LogFormat.text
    }

    struct Limits: Equatable, Sendable {
        var connections = 10_000
        var headerBytes = 16 * 1024
        var headerTimeoutSeconds = 20
        var idleTimeoutSeconds = 60
        var bodyTimeoutSeconds = 20
        var writeTimeoutSeconds = 60
        /// How long running requests may go on when the process is told to stop.
        var shutdownGraceSeconds = 5
    }

    struct Storage: Equatable, Sendable {
        /// Bodies up to this many bytes are kept beside the metadata.
        var inlineThresholdBytes = 32 * 1024
        var cacheMiB = 32
        /// Writes are refused when less than this is free on the disk.
        var reserveMiB = 256
        /// Where the bodies of some storage classes are kept.
        var pools: [StoragePool] = []
    }

    /// How the documents of identity providers are read.
    struct WebIdentityIssuers: Equatable, Sendable {
        /// The authorities that are believed instead of the system's: a PEM file.
        var caFile: String?
        /// Where hosts of issuers are reached, if not under their names: `https://HOST:PORT`.
        var endpoints: [String: String] = [:]
    }

    struct Lifecycle: Equatable, Sendable {
        /// How long a lifecycle day is; anything but 24 hours is for tests and rehearsals.
        var dayLengthSeconds = LifecycleCalendar.standardDaySeconds
        /// From the end of one run to the beginning of the next, at most.
        var intervalSeconds = 3600

        /// Short days need short intervals.
        var effectiveIntervalSeconds: Int { max(1, min(self.intervalSeconds, self.dayLengthSeconds / 2)) }
    }

    /// The comparison of replicas with their sources in the background.
    struct Verification: Equatable, Sendable {
        /// 0 for none.
        var versionsPerSecond = 200
        /// From the end of one round to the beginning of the next.
        var intervalSeconds = 3600
    }

    /// How jobs of S3 Batch Operations run.
    struct Batch: Equatable, Sendable {
        /// Jobs of Batch Replication that run at once, for each account.
        var replicationJobs = 6
        /// Jobs of the other operations that run at once, for each account.
        var otherJobs = 6
        /// Where the functions of LambdaInvoke are invoked; `nil` refuses such jobs.
        var functionRunner: String?
        /// How long a function may take.
        var functionTimeoutSeconds = 900
        /// Requests about jobs that an account may make a second, over ten seconds; more are answered `SlowDown`.
        var requestsPerSecond = 100
    }

    /// How long restores from archive classes take, in seconds.
    struct Restore: Equatable, Sendable {
        var expeditedSeconds = 1
        var standardSeconds = 1
        var bulkSeconds = 1

        var delays: RestoreDelays {
            var delays = RestoreDelays()
            delays.expeditedMilliseconds = Int64(self.expeditedSeconds) * 1000
            delays.standardMilliseconds = Int64(self.standardSeconds) * 1000
            delays.bulkMilliseconds = Int64(self.bulkSeconds) * 1000
            return delays
        }
    }

    struct AccessLogs: Equatable, Sendable {
        /// How often access logs are written into their target buckets.
        var deliveryIntervalSeconds = 60
    }

    struct Metrics: Equatable, Sendable {
        /// How often what waits for replication is measured, for CloudWatch.
        var intervalSeconds = 20
        /// Where `/metrics` is served, to whoever can reach it; `nil` for nowhere.
        var listen: ListenAddress?
    }

    struct Console: Equatable, Sendable {
        /// Where the console is served; `nil` for nowhere.
        var listen: ListenAddress?
        /// Where its token is; `nil` for `console.token` in the data directory.
        var tokenFile: String?
    }

    /// What only tests set; `docs/tern.example.yaml` does not show it.
    struct Testing: Equatable, Sendable {
        /// In place of the 15 minutes of replication time; `nil` for those.
        var replicationTimeThresholdSeconds: Int?
    }

    struct Authentication: Equatable, Sendable {
        /// Whether presigned URLs of signature version 2 are taken.
        var sigV2Query = true
    }

    struct KMS: Equatable, Sendable {
        /// The file of the root key; `nil` for none, unless the environment has it.
        var rootKeyFile: String?
        /// Whether keys are destroyed at the end of their waiting time although objects need them (KMS-8).
        var forcesDeletion = false
    }

    struct SSEC: Equatable, Sendable {
        /// Whether keys of customers must come over TLS, or from this machine.
        var requiresTLS = true
    }

    var region: RegionName
    var listen: ListenAddress
    var dataDirectory: String
    var pidFile: String?
    /// The certificate to serve with; `nil` for plain HTTP.
    var tls: TLSFiles?
    /// Domains under which a bucket may be the first label of the host name.
    var baseDomains: [String] = Self.defaultBaseDomains
    var homeRegion: RegionName
    /// All regions of the federation, this one among them.
    var federatedRegions: [FederatedRegion]
    var federationCredential: FederationCredential?
    /// `nil` decides by the address to listen on, see ``proxiesOtherRegions``.
    var crossRegionAccess: CrossRegionAccess?
    /// PEM file of the certificates that those of the other regions are signed by; the system's where it is `nil`.
    var federationCAFile: String?
    var accounts: [ConfiguredAccount]
    var log = Log()
    var limits = Limits()
    var storage = Storage()
    var accessLogs = AccessLogs()
    var metrics = Metrics()
    var console = Console()
    var testing = Testing()
    /// Where every decision about a request is written down; `nil` for nowhere.
    var auditFile: String?
    var authentication = Authentication()
    var webIdentity = WebIdentityIssuers()
    var lifecycle = Lifecycle()
    var verification = Verification()
    /// Bandwidth limits of replication, where the operator has set no others.
    var bandwidthLimits: [FlowDestination: BandwidthLimit] = [:]
    /// Whether to start although the clock is behind the region's last write.
    var allowsClockSetBack = false
    var restore = Restore()
    var batch = Batch()
    var kms = KMS()
    var sseC = SSEC()
    /// Where event notifications can go.
    var targets: [TargetConfiguration] = []

    static let defaultBaseDomains = ["localhost", "s3.localhost"]

    /// Whether requests for buckets of other regions are handed on to them.
    var proxiesOtherRegions: Bool {
        switch self.crossRegionAccess {
        case .proxy: true
        case .redirect: false
        case nil: self.listen.isLoopback
        }
    }

    /// Where this region is reached.
    var endpoint: String {
        self.federatedRegions.first { $0.name == self.region }?.endpoint ?? self.listenEndpoint
    }

    var listenEndpoint: String { "\(self.tls == nil ? "http" : "https")://\(self.listen.text)" }

    /// Where the console is reached; `nil` where there is none.
    var consoleEndpoint: String? {
        self.console.listen.map { "\(self.tls == nil ? "http" : "https")://\($0.text)" }
    }

    var consoleTokenFile: String { self.console.tokenFile ?? "\(self.dataDirectory)/\(ConsoleTokenFile.name)" }

    /// What the HTTP server is told.
    var serverConfiguration: HTTPServerConfiguration {
        var server = HTTPServerConfiguration(host: self.listen.host, port: self.listen.port)
        server.tls = self.tls
        server.connectionLimit = self.limits.connections
        server.headerByteLimit = self.limits.headerBytes
        server.headerTimeout = .seconds(self.limits.headerTimeoutSeconds)
        server.idleTimeout = .seconds(self.limits.idleTimeoutSeconds)
        server.bodyTimeout = .seconds(self.limits.bodyTimeoutSeconds)
        server.writeTimeout = .seconds(self.limits.writeTimeoutSeconds)
        return server
    }
}
