import TernCore

/// A target as the region's configuration names it.
package struct TargetConfiguration: Sendable, Hashable {
    /// Access keys, for requests signed with version 4.
    package struct Credential: Sendable, Hashable {
        package var accessKeyID: String
        package var secret: String

        package init(accessKeyID: String, secret: String) {
            self.accessKeyID = accessKeyID
            self.secret = secret
        }
    }

    package struct Webhook: Sendable, Hashable {
        package var url: String
        /// What `X-Tern-Signature` is made with; `nil` without one.
        package var secret: String?
        package var bearerToken: String?
        /// Whether the message is wrapped as CloudEvents 1.0 have it.
        package var isCloudEvent = false

        package init(url: String) {
            self.url = url
        }
    }

    package struct Queue: Sendable, Hashable {
        package var url: String
        package var region: String
        package var credential: Credential?

        package init(url: String, region: String) {
            self.url = url
            self.region = region
        }
    }

    package struct Topic: Sendable, Hashable {
        package var url: String
        /// Whether the message goes without the envelope.
        package var isRaw = false

        package init(url: String) {
            self.url = url
        }
    }

    /// Where a server of a protocol of its own is, and who asks there.
    package struct Server: Sendable, Hashable {
        package var host: String
        package var port: Int
        package var isTLS: Bool
        package var user: String?
        package var password: String?

        package init(host: String, port: Int, isTLS: Bool = false) {
            self.host = host
            self.port = port
            self.isTLS = isTLS
        }
    }

    package struct NATS: Sendable, Hashable {
        package var server: Server
        /// `{account}`, `{bucket}` and `{event}` stand for those of the event.
        package var subject = "tern.{account}.{bucket}.{event}"
        /// Whether a stream of JetStream acknowledges each message.
        package var usesJetStream = true
        package var token: String?

        package init(server: Server) {
            self.server = server
        }
    }

    package struct Redis: Sendable, Hashable {
        package enum Command: String, Sendable, CaseIterable {
            case addToStream = "xadd"
            case publish
            case push = "rpush"
        }

        package var server: Server
        package var database = 0
        package var command = Command.addToStream
        /// The stream, channel or list.
        package var key: String
        /// What a stream is cut to, about; `nil` leaves it whole.
        package var maximumLength: Int?

        package init(server: Server, key: String) {
            self.server = server
            self.key = key
        }
    }

    package enum Kind: Sendable, Hashable {
        case webhook(Webhook)
        case sqs(Queue)
        case sns(Topic)
        case nats(NATS)
        case redis(Redis)
        /// Lines of JSON in a file.
        case file(path: String)
    }

    /// The ARN in notification configurations, or `eventbridge`.
    package var arn: String
    package var kind: Kind
    /// The accounts whose buckets may send here; `nil` for all.
    package var accounts: Set<String>?
    /// PEM file of the authorities that certificates must be signed by; `nil` for the system's.
    package var caFile: String?
    /// How long one attempt may take.
    package var timeout: Duration = .seconds(10)
    /// After this long, an event becomes a dead letter.
    package var retention: Duration = .seconds(345_600)
    /// After this many failed attempts, an event becomes a dead letter; `nil` without an end.
    package var maximumAttempts: Int?
    /// The longest rest between two attempts.
    package var maximumBackoff: Duration = .seconds(300)

    package init(arn: String, kind: Kind) {
        self.arn = arn
        self.kind = kind
    }

    /// - Parameter account: The owner of a bucket.
    package func takes(account: String) -> Bool {
        self.accounts?.contains(account) ?? true
    }

    /// Stands for all targets that are not configured: what waits for them is kept as long as for any.
    static let missing = TargetConfiguration(arn: "", kind: .file(path: ""))

    /// For people.
    package var kindName: String {
        switch self.kind {
        case .webhook: "webhook"
        case .sqs: "sqs"
        case .sns: "sns"
        case .nats: "nats"
        case .redis: "redis"
        case .file: "file"
        }
    }
}
