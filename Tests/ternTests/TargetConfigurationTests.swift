import TernEventDelivery
import Testing

@testable import tern

@Suite("Targets of events in the configuration (§10.1)")
struct TargetConfigurationTests {
    private static let base = """
        region: us-east-1
        listen: 127.0.0.1:9000
        data_directory: /d
        accounts:
          - id: "111111111111"
            access_key: AKIDEXAMPLE
            secret_key: wJalrXUtnFEMI/K7MDENG
        """

    private static let arn = "arn:aws:sqs:us-east-1:111111111111:q"

    private static func read(_ options: String...) throws -> RegionConfiguration {
        let lines = options.enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }
        return try RegionConfiguration(
            yaml: "\(self.base)\ntargets:\n\(lines.joined(separator: "\n"))\n", file: "t.yaml")
    }

    private static func message(_ options: String...) -> String {
        let lines = options.enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }
        do {
            _ = try RegionConfiguration(
                yaml: "\(self.base)\ntargets:\n\(lines.joined(separator: "\n"))\n", file: "t.yaml")
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "Every kind is read, and written so that it is read back the same",
        arguments: [
            ["kind: webhook", "url: https://h/p?q=1", "hmac_secret: s", "bearer_token: t", "format: cloudevents"],
            ["kind: webhook", "url: http://h", "max_attempts: 3", "retention_seconds: 60", "timeout_seconds: 1"],
            ["kind: sqs", "url: http://h:9324/1/q", "region: eu-west-1", "access_key: a", "secret_key: \"b: #\""],
            ["kind: sqs", "url: http://h:9324/1/q"],
            ["kind: sns", "url: https://h/", "raw: true", "ca_file: /ca.pem", "max_backoff_seconds: 9"],
            ["kind: nats", "url: nats://h:4222", "user: u", "password: p", "jetstream: false", "subject: a.{bucket}"],
            ["kind: nats", "url: tls://h", "token: t"],
            ["kind: nats", "url: \"nats://[::1]:4222\""],
            ["kind: redis", "url: rediss://h:1", "key: k", "user: u", "password: p", "database: 2", "max_length: 5"],
            ["kind: redis", "url: redis://h", "key: k", "command: publish"],
            ["kind: file", "path: /p", "accounts: [\"222222222222\", \"333333333333\"]"],
            ["kind: file", "path: /p", "accounts: [\"*\"]"],
        ])
    func roundTrip(_ options: [String]) throws {
        let lines = ["arn: \(Self.arn)"] + options
        let text = lines.enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }.joined(separator: "\n")
        let configuration = try RegionConfiguration(yaml: "\(Self.base)\ntargets:\n\(text)\n", file: "t.yaml")
        #expect(configuration.targets.count == 1)
        #expect(try RegionConfiguration(yaml: configuration.yaml, file: "t.yaml") == configuration)
    }

    @Test("Defaults are those of the documentation")
    func defaults() throws {
        let target = try #require(
            try Self.read("arn: eventbridge", "kind: redis", "url: redis://h", "key: k").targets.first)
        #expect(target.retention == .seconds(345_600) && target.maximumAttempts == nil)
        #expect(target.maximumBackoff == .seconds(300) && target.timeout == .seconds(10))
        guard case .redis(let redis) = target.kind else { throw CommandFailure("another kind") }
        #expect(redis.server.port == 6379 && !redis.server.isTLS && redis.command == .addToStream)
        #expect(redis.maximumLength == nil)
    }

    @Test("What cannot be is refused with the line and a hint")
    func refusals() {
        #expect(Self.message("arn: nonsense", "kind: file", "path: /p").contains("is `nonsense`; write the ARN"))
        #expect(Self.message("arn: \(Self.arn).fifo", "kind: file", "path: /p").contains("write the ARN"))
        #expect(Self.message("arn: \(Self.arn)", "kind: kafka").contains("must be one of webhook, sqs"))
        #expect(Self.message("arn: \(Self.arn)", "kind: webhook").contains("url is missing"))
        #expect(Self.message("arn: \(Self.arn)", "kind: webhook", "url: ftp://h").contains("write http://HOST"))
        #expect(
            Self.message("arn: \(Self.arn)", "kind: sqs", "url: http://h/q", "access_key: a")
                .contains("secret_key is missing"))
        #expect(Self.message("arn: \(Self.arn)", "kind: nats", "url: redis://h").contains("write nats://HOST"))
        #expect(
            Self.message("arn: \(Self.arn)", "kind: nats", "url: nats://h", "subject: a.>").contains("wildcards"))
        #expect(Self.message("arn: \(Self.arn)", "kind: redis", "url: redis://h").contains("key is missing"))
        #expect(
            Self.message("arn: \(Self.arn)", "kind: redis", "url: redis://u:p@h", "key: k").contains("write redis://"))
        #expect(
            Self.message(
                "arn: \(Self.arn)", "kind: redis", "url: redis://h", "key: k", "command: rpush", "max_length: 1"
            ).contains("is for streams"))
        #expect(
            Self.message("arn: \(Self.arn)", "kind: file", "path: /p", "stream: x").contains("stream is not an option"))
        let twice = "arn: \(Self.arn)\n    kind: file\n    path: /p\n  - arn: \(Self.arn)"
        #expect(Self.message(twice, "kind: file", "path: /p").contains("for the second time"))
    }
}
