import Foundation
import Logging
import TernControlPlane
import TernCore
import TernHTTPServer

extension RegionConfiguration {
    /// Reads and checks a configuration file, then applies the environment.
    ///
    /// - Throws: ``CommandFailure``, which names the file, the line, and what to do.
    static func load(_ path: String, environment: [String: String]) throws -> RegionConfiguration {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure("cannot read \(path); give the path of a configuration with --config")
        }
        guard let text = String(data: data, encoding: .utf8) else { throw CommandFailure("\(path) is not UTF-8 text") }
        var configuration = try RegionConfiguration(yaml: text, file: path)
        try configuration.apply(environment)
        return configuration
    }

    /// - Parameter file: The name of the file, for error messages.
    init(yaml: String, file: String) throws {
        let top = try YAMLSection.parse(yaml, file: file)

        let regionText = try top.requiredString("region", "us-east-1")
        guard let region = RegionName(regionText) else {
            throw top.failure("region", "is `\(regionText)`; use 1 to 63 of a-z, 0-9 and -, such as us-east-1")
        }
        guard !region.isOfOtherPartition else {
            throw top.failure(
                "region",
                "is `\(regionText)`, for which AWS's tools make ARNs of another partition; choose another name")
        }
        self.region = region

        let listenText = try top.requiredString("listen", "127.0.0.1:9000")
        guard let listen = ListenAddress(listenText) else {
            throw top.failure("listen", "is `\(listenText)`; write HOST:PORT, such as 127.0.0.1:9000 or 0.0.0.0:9000")
        }
        self.listen = listen

        self.dataDirectory = try top.requiredString("data_directory", "/var/lib/tern")
        self.pidFile = try top.string("pid_file")
        self.baseDomains = try top.strings("base_domains") ?? Self.defaultBaseDomains
        for domain in self.baseDomains where !Self.isDomain(domain) {
            throw top.failure(
                "base_domains",
                "contains `\(domain)`; write host names in lower case without a port, such as s3.example.com")
        }

        let homeText = try top.string("home_region") ?? regionText
        guard let home = RegionName(homeText) else {
            throw top.failure("home_region", "is `\(homeText)`, which is no region name")
        }
        self.homeRegion = home

        self.federatedRegions = []
        self.accounts = []
        self.crossRegionAccess = try top.choice(
            "cross_region_access", CrossRegionAccess.allCases.map { ($0.rawValue, $0) }, default: nil)
        self.allowsClockSetBack = try top.boolean("allow_clock_set_back", default: false)
        try self.readTLS(top.section("tls"))
        try self.readFederation(top.section("federation"), top: top)
        self.accounts = try top.sections("accounts").map(Self.account)
        guard !self.accounts.isEmpty else {
            throw top.failure("accounts", "is empty; add at least one account with id, access_key and secret_key")
        }
        do {
            _ = try StaticIdentityStore(self.accounts)
        } catch {
            throw top.failure("accounts", "is contradictory: \(error)")
        }
        try self.readLog(top.section("log"))
        try self.readLimits(top.section("limits"))
        try self.readStorage(top.section("storage"))
        try self.readLifecycle(top.section("lifecycle"))
        try self.readBatch(top.section("batch"))
        try self.readVerification(top.section("verification"))
        try self.readReplication(top.section("replication"))
        try self.readRestore(top.section("restore"))
        let logging = try top.section("logging")
        self.accessLogs.deliveryIntervalSeconds = try logging.integer(
            "delivery_interval_seconds", in: 1...86_400, default: AccessLogs().deliveryIntervalSeconds)
        try logging.finish()
        try self.readMetrics(top.section("metrics"))
        try self.readConsole(top.section("console"))
        let testing = try top.section("testing")
        let threshold = try testing.integer("replication_time_threshold_seconds", in: 1...900, default: 900)
        if threshold != 900 { self.testing.replicationTimeThresholdSeconds = threshold }
        try testing.finish()
        let audit = try top.section("audit")
        self.auditFile = try audit.string("file")
        try audit.finish()
        let authentication = try top.section("auth")
        self.authentication.sigV2Query = try authentication.boolean("sigv2_query", default: true)
        try authentication.finish()
        try self.readWebIdentity(top.section("web_identity"))
        let kms = try top.section("kms")
        self.kms.rootKeyFile = try kms.string("root_key_file")
        self.kms.forcesDeletion = try kms.boolean("force_delete", default: false)
        try kms.finish()
        let sseC = try top.section("sse_c")
        self.sseC.requiresTLS = try sseC.boolean("require_tls", default: true)
        try sseC.finish()
        try self.readTargets(top.sections("targets"))
        try top.finish()
    }

    private mutating func readWebIdentity(_ section: YAMLSection) throws {
        self.webIdentity.caFile = try section.string("ca_file")
        for entry in try section.sections("issuers") {
            let host = try entry.requiredString("host", "login.example.com")
            guard (try? IAMState.oidcProviderName(url: "https://\(host)")) == host, !host.contains("/") else {
                throw entry.failure("host", "is `\(host)`; write the host of the issuer's URL alone")
            }
            let endpoint = try entry.requiredString("endpoint", "https://10.0.0.5:8443")
            guard let normal = Self.normalEndpoint(endpoint), normal.hasPrefix("https://") else {
                throw entry.failure("endpoint", "is `\(endpoint)`; write https://HOST:PORT without a path")
            }
            guard self.webIdentity.endpoints.updateValue(normal, forKey: host) == nil else {
                throw entry.failure("host", "is `\(host)` for the second time; name each host once")
            }
            try entry.finish()
        }
        try section.finish()
    }

    private mutating func readTLS(_ section: YAMLSection) throws {
        let certificate = try section.string("certificate")
        let key = try section.string("key")
        try section.finish()
        switch (certificate, key) {
        case (let certificate?, let key?): self.tls = TLSFiles(certificate: certificate, key: key)
        case (nil, nil): break
        case (_?, nil): throw section.failure("key", "is missing; name the file of the certificate's private key")
        case (nil, _?): throw section.failure("certificate", "is missing; name the file of the key's certificate")
        }
    }

    private mutating func readFederation(_ section: YAMLSection, top: YAMLSection) throws {
        for entry in try section.sections("regions") {
            let name = try entry.requiredString("name", "eu-west-1")
            guard let region = RegionName(name) else {
                throw entry.failure("name", "is `\(name)`, which is no region name")
            }
            let endpoint = try entry.requiredString("endpoint", "http://10.0.0.2:9000")
            guard let normal = Self.normalEndpoint(endpoint) else {
                throw entry.failure(
                    "endpoint", "is `\(endpoint)`; write http://HOST:PORT or https://HOST:PORT without a path")
            }
            guard !self.federatedRegions.contains(where: { $0.name == region }) else {
                throw entry.failure("name", "is `\(name)` for the second time; name each region once")
            }
            self.federatedRegions.append(FederatedRegion(name: region, endpoint: normal))
            try entry.finish()
        }
        self.federationCAFile = try section.string("ca_file")
        let credential = try section.section("credential")
        let accessKey = try credential.string("access_key")
        let secretKey = try credential.string("secret_key")
        try credential.finish()
        if let accessKey, let secretKey, !accessKey.isEmpty, secretKey.utf8.count >= 16 {
            self.federationCredential = FederationCredential(accessKey: accessKey, secretKey: secretKey)
        } else if accessKey != nil || secretKey != nil {
            throw section.failure("credential", "needs an access_key, and a secret_key of at least 16 characters")
        }
        try section.finish()

        if self.federatedRegions.isEmpty {
            self.federatedRegions = [FederatedRegion(name: self.region, endpoint: self.listenEndpoint)]
        }
        guard self.federatedRegions.contains(where: { $0.name == self.region }) else {
            throw section.failure("regions", "does not contain this region, \(self.region); add it with its endpoint")
        }
        guard self.federatedRegions.contains(where: { $0.name == self.homeRegion }) else {
            throw top.failure(
                "home_region", "is \(self.homeRegion), which federation.regions does not contain; add it there")
        }
        if self.federatedRegions.count > 1, self.federationCredential == nil {
            throw section.failure(
                "credential", "is missing; several regions need one access_key and secret_key, the same in each")
        }
    }

    private static func account(_ section: YAMLSection) throws -> ConfiguredAccount {
        let idText = try section.requiredString("id", "\"111111111111\"")
        guard let id = AccountID(idText) else {
            throw section.failure("id", "is `\(idText)`; an account has 12 digits")
        }
        let accessKey = try section.requiredString("access_key", "AKIAIOSFODNN7EXAMPLE")
        guard AccountText.isAccessKey(accessKey) else {
            throw section.failure("access_key", "must have 3 to 128 letters, digits, `-` or `_`")
        }
        let secretKey = try section.requiredString("secret_key", "…")
        guard secretKey.utf8.count >= 8 else {
            throw section.failure("secret_key", "is too short; use at least 8 characters")
        }
        let account = ConfiguredAccount(
            id: id,
            accessKey: accessKey,
            secretKey: secretKey,
            displayName: try section.string("name") ?? idText,
            email: try section.string("email") ?? ""
        )
        try section.finish()
        return account
    }

    private mutating func readLog(_ section: YAMLSection) throws {
        self.log.level = try section.choice("level", Logger.Level.allCases.map { ($0.rawValue, $0) }, default: .info)
        self.log.format = try section.choice("format", LogFormat.allCases.map { ($0.rawValue, $0) }, default: .text)
        try section.finish()
    }

    private mutating func readLimits(_ section: YAMLSection) throws {
        let standard = Limits()
        self.limits.connections = try section.integer("connections", in: 1...1_000_000, default: standard.connections)
        self.limits.headerBytes = try section.integer("header_bytes", in: 1024...262_144, default: standard.headerBytes)
        let seconds = 1...3600
        self.limits.headerTimeoutSeconds = try section.integer(
            "header_timeout_seconds", in: seconds, default: standard.headerTimeoutSeconds)
        self.limits.idleTimeoutSeconds = try section.integer(
            "idle_timeout_seconds", in: seconds, default: standard.idleTimeoutSeconds)
        self.limits.bodyTimeoutSeconds = try section.integer(
            "body_timeout_seconds", in: seconds, default: standard.bodyTimeoutSeconds)
        self.limits.writeTimeoutSeconds = try section.integer(
            "write_timeout_seconds", in: seconds, default: standard.writeTimeoutSeconds)
        self.limits.shutdownGraceSeconds = try section.integer(
            "shutdown_grace_seconds", in: 0...3600, default: standard.shutdownGraceSeconds)
        try section.finish()
    }

    private mutating func readStorage(_ section: YAMLSection) throws {
        let standard = Storage()
        self.storage.inlineThresholdBytes = try section.integer(
            "inline_threshold_bytes", in: 0...1_048_576, default: standard.inlineThresholdBytes)
        self.storage.cacheMiB = try section.integer("cache_mib", in: 8...1_048_576, default: standard.cacheMiB)
        self.storage.reserveMiB = try section.integer("reserve_mib", in: 0...1_048_576, default: standard.reserveMiB)
        for entry in try section.sections("pools") { try self.readPool(entry) }
        try section.finish()
    }

    private mutating func readPool(_ section: YAMLSection) throws {
        let name = try section.requiredString("name", "cold")
        guard RegionName(name) != nil else {
            throw section.failure("name", "is `\(name)`; use 1 to 63 of a-z, 0-9 and -, such as cold")
        }
        let directory = try section.requiredString("directory", "/mnt/cold/tern")
        let compression = try section.choice(
            "compression", StoragePool.Compression.allCases.map { ($0.rawValue, $0) }, default: .none)
        var classes: [StorageClass] = []
        for text in try section.strings("classes") ?? [] {
            guard let storageClass = StorageClass(rawValue: text) else {
                throw section.failure("classes", "contains `\(text)`, which is no storage class, such as GLACIER")
            }
            classes.append(storageClass)
        }
        try section.finish()
        let taken = self.storage.pools.flatMap(\.classes)
        if let twice = classes.first(where: { taken.contains($0) }) {
            throw section.failure("classes", "contains \(twice.rawValue), which another pool has; name each class once")
        }
        if self.storage.pools.contains(where: { $0.name == name || $0.directory == directory }) {
            throw section.failure("name", "is `\(name)`; each pool needs a name and a directory of its own")
        }
        self.storage.pools.append(
            StoragePool(name: name, directory: directory, compression: compression, classes: classes))
    }

    private mutating func readMetrics(_ section: YAMLSection) throws {
        self.metrics.intervalSeconds = try section.integer(
            "interval_seconds", in: 1...60, default: Metrics().intervalSeconds)
        if let text = try section.string("listen") {
            guard let listen = ListenAddress(text) else {
                throw section.failure("listen", "is `\(text)`; it is HOST:PORT, for example 127.0.0.1:9464")
            }
            self.metrics.listen = listen
        }
        try section.finish()
    }

    private mutating func readConsole(_ section: YAMLSection) throws {
        self.console.tokenFile = try section.string("token_file")
        if let text = try section.string("listen") {
            guard let listen = ListenAddress(text) else {
                throw section.failure("listen", "is `\(text)`; it is HOST:PORT, for example 127.0.0.1:9470")
            }
            guard listen.isLoopback || self.tls != nil else {
                throw section.failure(
                    "listen",
                    "is `\(text)`, which other machines can reach, and the token would go there in clear; use 127.0.0.1 "
                        + "and a tunnel, or serve the region with `tls`")
            }
            self.console.listen = listen
        }
        try section.finish()
    }

    private mutating func readLifecycle(_ section: YAMLSection) throws {
        let standard = Lifecycle()
        self.lifecycle.dayLengthSeconds = try section.integer(
            "day_length_seconds", in: 1...86_400, default: standard.dayLengthSeconds)
        self.lifecycle.intervalSeconds = try section.integer(
            "interval_seconds", in: 1...86_400, default: standard.intervalSeconds)
        try section.finish()
    }

    private mutating func readBatch(_ section: YAMLSection) throws {
        let standard = Batch()
        self.batch.replicationJobs = try section.integer(
            "replication_jobs", in: 1...100, default: standard.replicationJobs)
        self.batch.otherJobs = try section.integer("other_jobs", in: 1...100, default: standard.otherJobs)
        if let text = try section.string("function_runner") {
            guard text.hasPrefix("http://") || text.hasPrefix("https://") else {
                throw section.failure(
                    "function_runner", "is `\(text)`; it is a URL that begins with http:// or https://")
            }
            self.batch.functionRunner = text
        }
        // Lambda's own limit.
        self.batch.functionTimeoutSeconds = try section.integer(
            "function_timeout_seconds", in: 1...900, default: standard.functionTimeoutSeconds)
        self.batch.requestsPerSecond = try section.integer(
            "requests_per_second", in: 1...100_000, default: standard.requestsPerSecond)
        try section.finish()
    }

    private mutating func readVerification(_ section: YAMLSection) throws {
        let standard = Verification()
        self.verification.versionsPerSecond = try section.integer(
            "versions_per_second", in: 0...1_000_000, default: standard.versionsPerSecond)
        self.verification.intervalSeconds = try section.integer(
            "interval_seconds", in: 1...31_536_000, default: standard.intervalSeconds)
        try section.finish()
    }

    private mutating func readRestore(_ section: YAMLSection) throws {
        let standard = Restore()
        let delays = try section.section("delays")
        let seconds = 1...604_800
        self.restore.expeditedSeconds = try delays.integer(
            "expedited_seconds", in: seconds, default: standard.expeditedSeconds)
        self.restore.standardSeconds = try delays.integer(
            "standard_seconds", in: seconds, default: standard.standardSeconds)
        self.restore.bulkSeconds = try delays.integer("bulk_seconds", in: seconds, default: standard.bulkSeconds)
        try delays.finish()
        try section.finish()
    }

    /// Applies the few options that an environment may override: what differs between machines that share a file.
    private mutating func apply(_ environment: [String: String]) throws {
        if let text = environment["TERN_LISTEN"] {
            guard let address = ListenAddress(text) else {
                throw CommandFailure("TERN_LISTEN is `\(text)`; write HOST:PORT, such as 0.0.0.0:9000")
            }
            self.listen = address
        }
        if let text = environment["TERN_DATA_DIRECTORY"], !text.isEmpty { self.dataDirectory = text }
        if let text = environment["TERN_LOG_LEVEL"] {
            guard let level = Logger.Level(rawValue: text) else {
                let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw CommandFailure("TERN_LOG_LEVEL is `\(text)`; it must be one of \(levels)")
            }
            self.log.level = level
        }
        if let text = environment["TERN_LOG_FORMAT"] {
            guard let format = LogFormat(rawValue: text) else {
                throw CommandFailure("TERN_LOG_FORMAT is `\(text)`; it must be text or json")
            }
            self.log.format = format
        }
    }

    private static func isDomain(_ text: String) -> Bool {
        !text.isEmpty && !text.hasPrefix(".") && !text.hasSuffix(".")
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
                    || $0 == UInt8(ascii: ".")
            }
    }

    /// The endpoint without a slash at the end; `nil` if it is not `http(s)://host[:port]`.
    static func normalEndpoint(_ text: String) -> String? {
        let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard let url = URL(string: trimmed), url.scheme == "http" || url.scheme == "https", let host = url.host(),
            !host.isEmpty, url.path().isEmpty, url.query() == nil, url.user() == nil
        else { return nil }
        return trimmed
    }
}

/// What access keys look like.
enum AccountText {
    static func isAccessKey(_ text: String) -> Bool {
        (3...128).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
                    || $0 == 0x5F
            }
    }
}
