import TernCore
import TernEventDelivery
import TernS3Protocol

/// The targets of event notifications: the list under `targets`.
extension RegionConfiguration {
    mutating func readTargets(_ sections: [YAMLSection]) throws {
        for section in sections {
            let target = try self.target(section)
            guard !self.targets.contains(where: { $0.arn == target.arn }) else {
                throw section.failure("arn", "is `\(target.arn)` for the second time; name each target once")
            }
            self.targets.append(target)
            try section.finish()
        }
    }

    private func target(_ section: YAMLSection) throws -> TargetConfiguration {
        let arn = try section.requiredString("arn", "arn:aws:sqs:us-east-1:111111111111:orders")
        guard Self.isTargetARN(arn) else {
            throw section.failure(
                "arn",
                "is `\(arn)`; write the ARN of a queue, topic or function as notification configurations name it, or "
                    + NotificationRules.eventBridgeTarget)
        }
        let readers: [(String, @Sendable (YAMLSection) throws -> TargetConfiguration.Kind)] = [
            ("webhook", Self.webhook), ("sqs", { [region] in try Self.queue($0, region: region) }),
            ("sns", Self.topic), ("nats", Self.nats), ("redis", Self.redis),
            ("file", { .file(path: try $0.requiredString("path", "/var/log/tern/events.jsonl")) }),
        ]
        let kind = try section.requiredString("kind", "webhook")
        guard let read = readers.first(where: { $0.0 == kind })?.1 else {
            throw section.failure(
                "kind", "is `\(kind)`; it must be one of \(readers.map(\.0).joined(separator: ", "))")
        }
        var target = TargetConfiguration(arn: arn, kind: try read(section))
        target.accounts = try self.accounts(section, of: arn)
        target.caFile = try section.string("ca_file")
        target.timeout = .seconds(try section.integer("timeout_seconds", in: 1...300, default: 10))
        target.retention = .seconds(try section.integer("retention_seconds", in: 1...31_536_000, default: 345_600))
        let attempts = try section.integer("max_attempts", in: 0...1_000_000, default: 0)
        target.maximumAttempts = attempts == 0 ? nil : attempts
        target.maximumBackoff = .seconds(try section.integer("max_backoff_seconds", in: 1...3600, default: 300))
        return target
    }

    /// Whose buckets may send to a target: those of its own account, where nothing else is said.
    private func accounts(_ section: YAMLSection, of arn: String) throws -> Set<String>? {
        guard let named = try section.strings("accounts") else {
            let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
            return parts.count > 4 ? [String(parts[4])] : nil
        }
        if named == ["*"] { return nil }
        for account in named where AccountID(account) == nil {
            throw section.failure("accounts", "contains `\(account)`; write numbers of 12 digits in quotes, or \"*\"")
        }
        return Set(named)
    }

    private static func isTargetARN(_ arn: String) -> Bool {
        if arn == NotificationRules.eventBridgeTarget { return true }
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count >= 6 && parts[0] == "arn" && ["sqs", "sns", "lambda"].contains(String(parts[2]))
            && !parts[3].isEmpty && !parts[4].isEmpty && parts.last?.isEmpty == false && !arn.hasSuffix(".fifo")
    }

    // MARK: Kinds

    private static func url(_ section: YAMLSection) throws -> String {
        let url = try section.requiredString("url", "https://hooks.example.com/tern")
        guard TargetConfiguration.place(of: url) != nil else {
            throw section.failure("url", "is `\(url)`; write http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH")
        }
        return url
    }

    @Sendable
    private static func webhook(_ section: YAMLSection) throws -> TargetConfiguration.Kind {
        var options = TargetConfiguration.Webhook(url: try self.url(section))
        options.secret = try section.string("hmac_secret")
        options.bearerToken = try section.string("bearer_token")
        options.isCloudEvent = try section.choice("format", [("s3", false), ("cloudevents", true)], default: false)
        return .webhook(options)
    }

    private static func queue(_ section: YAMLSection, region: RegionName) throws -> TargetConfiguration.Kind {
        var options = TargetConfiguration.Queue(
            url: try self.url(section), region: try section.string("region") ?? region.description)
        let accessKey = try section.string("access_key")
        let secretKey = try section.string("secret_key")
        switch (accessKey, secretKey) {
        case (let accessKey?, let secretKey?): options.credential = .init(accessKeyID: accessKey, secret: secretKey)
        case (nil, nil): break
        case (_?, nil): throw section.failure("secret_key", "is missing; it belongs to access_key")
        case (nil, _?): throw section.failure("access_key", "is missing; it belongs to secret_key")
        }
        return .sqs(options)
    }

    @Sendable
    private static func topic(_ section: YAMLSection) throws -> TargetConfiguration.Kind {
        var options = TargetConfiguration.Topic(url: try self.url(section))
        options.isRaw = try section.boolean("raw", default: false)
        return .sns(options)
    }

    @Sendable
    private static func nats(_ section: YAMLSection) throws -> TargetConfiguration.Kind {
        var server = try self.server(section, plain: "nats", encrypted: "tls", port: 4222)
        server.user = try section.string("user")
        server.password = try section.string("password")
        var options = TargetConfiguration.NATS(server: server)
        options.token = try section.string("token")
        options.usesJetStream = try section.boolean("jetstream", default: true)
        options.subject = try section.string("subject") ?? options.subject
        guard Self.isSubject(options.subject) else {
            throw section.failure(
                "subject",
                "is `\(options.subject)`; write words with dots between them, without spaces and wildcards")
        }
        return .nats(options)
    }

    private static func isSubject(_ text: String) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { word in
            !word.isEmpty && word.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x2A && $0 != 0x3E }
        }
    }

    @Sendable
    private static func redis(_ section: YAMLSection) throws -> TargetConfiguration.Kind {
        var server = try self.server(section, plain: "redis", encrypted: "rediss", port: 6379)
        server.user = try section.string("user")
        server.password = try section.string("password")
        if server.user != nil, server.password == nil {
            throw section.failure("password", "is missing; it belongs to user")
        }
        var options = TargetConfiguration.Redis(
            server: server, key: try section.requiredString("key", "tern-events"))
        options.database = try section.integer("database", in: 0...65_535, default: 0)
        options.command = try section.choice(
            "command", TargetConfiguration.Redis.Command.allCases.map { ($0.rawValue, $0) }, default: .addToStream)
        let length = try section.integer("max_length", in: 0...1_000_000_000, default: 0)
        options.maximumLength = length == 0 ? nil : length
        if options.maximumLength != nil, options.command != .addToStream {
            throw section.failure("max_length", "is for streams; remove it, or use command: xadd")
        }
        return .redis(options)
    }

    private static func server(
        _ section: YAMLSection, plain: String, encrypted: String, port: Int
    ) throws -> TargetConfiguration.Server {
        let url = try section.requiredString("url", "\(plain)://127.0.0.1:\(port)")
        let parts = url.split(separator: "://", maxSplits: 1).map(String.init)
        guard parts.count == 2, parts[0] == plain || parts[0] == encrypted,
            let address = Self.address(parts[1], port: port)
        else {
            throw section.failure("url", "is `\(url)`; write \(plain)://HOST:PORT, or \(encrypted)://HOST:PORT for TLS")
        }
        return TargetConfiguration.Server(
            host: address.host, port: address.port, isTLS: parts[0] == encrypted)
    }

    private static func address(_ text: String, port: Int) -> ListenAddress? {
        guard !text.isEmpty, !text.contains("/"), !text.contains("@") else { return nil }
        let address = ListenAddress(text) ?? ListenAddress("\(text):\(port)")
        guard let address, address.port > 0, !text.hasPrefix(":") else { return nil }
        return address
    }

    // MARK: Writing

    /// The lines that ``readTargets(_:)`` reads back.
    var targetLines: [String] {
        if self.targets.isEmpty { return [] }
        return ["targets:"] + self.targets.flatMap { Self.lines(of: $0) }
    }

    private static func lines(of target: TargetConfiguration) -> [String] {
        let quoted = JSONString.quoted
        var options: [(String, String?)] = [("arn", quoted(target.arn)), ("kind", target.kindName)]
        func add(_ server: TargetConfiguration.Server, plain: String, encrypted: String) {
            let address = ListenAddress(host: server.host, port: server.port).text
            options += [
                ("url", quoted("\(server.isTLS ? encrypted : plain)://\(address)")),
                ("user", server.user.map(quoted)), ("password", server.password.map(quoted)),
            ]
        }
        switch target.kind {
        case .webhook(let webhook):
            options += [
                ("url", quoted(webhook.url)), ("hmac_secret", webhook.secret.map(quoted)),
                ("bearer_token", webhook.bearerToken.map(quoted)),
                ("format", webhook.isCloudEvent ? "cloudevents" : "s3"),
            ]
        case .sqs(let queue):
            options += [
                ("url", quoted(queue.url)), ("region", quoted(queue.region)),
                ("access_key", queue.credential.map { quoted($0.accessKeyID) }),
                ("secret_key", queue.credential.map { quoted($0.secret) }),
            ]
        case .sns(let topic): options += [("url", quoted(topic.url)), ("raw", "\(topic.isRaw)")]
        case .nats(let nats):
            add(nats.server, plain: "nats", encrypted: "tls")
            options += [
                ("token", nats.token.map(quoted)), ("jetstream", "\(nats.usesJetStream)"),
                ("subject", quoted(nats.subject)),
            ]
        case .redis(let redis):
            add(redis.server, plain: "redis", encrypted: "rediss")
            options += [
                ("key", quoted(redis.key)), ("database", "\(redis.database)"), ("command", redis.command.rawValue),
                ("max_length", redis.maximumLength.map { "\($0)" }),
            ]
        case .file(let path): options.append(("path", quoted(path)))
        }
        let accounts = target.accounts.map { $0.sorted().map(quoted).joined(separator: ", ") } ?? quoted("*")
        options += [
            ("accounts", "[\(accounts)]"), ("ca_file", target.caFile.map(quoted)),
            ("timeout_seconds", "\(target.timeout.components.seconds)"),
            ("retention_seconds", "\(target.retention.components.seconds)"),
            ("max_attempts", target.maximumAttempts.map { "\($0)" }),
            ("max_backoff_seconds", "\(target.maximumBackoff.components.seconds)"),
        ]
        let lines = options.compactMap { name, value in value.map { "\(name): \($0)" } }
        return lines.enumerated().map { index, line in (index == 0 ? "  - " : "    ") + line }
    }
}
