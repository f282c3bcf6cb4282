import NIOCore
import NIOSSL
import TernCore
import TernPorts

/// Publishes each message to a subject of NATS (specification §10.3): to a stream of JetStream, which acknowledges each
/// one, or to whoever listens, where the server's answer to a PING behind the messages says that it has them.
actor NATSTarget: EventTarget {
    private let options: TargetConfiguration.NATS
    private let timeout: Duration
    private let tls: TLSConfiguration
    private let random: any RandomSource
    private var session: Session?

    /// One connection, after its greeting.
    private struct Session {
        var connection: ServerConnection
        var parser: NATSParser
        /// Before the subjects of acknowledgements.
        var inbox: String
        /// How many messages were numbered so far.
        var count: UInt64 = 0
        var lastUsed = NIODeadline.now()
    }

    init(
        _ options: TargetConfiguration.NATS, timeout: Duration, tls: TLSConfiguration, random: any RandomSource
    ) {
        self.options = options
        self.timeout = timeout
        self.tls = tls
        self.random = random
    }

    func deliver(_ messages: [EventMessage]) async -> [DeliveryResult] {
        var results = [DeliveryResult?](repeating: nil, count: messages.count)
        var session: Session
        do {
            session = try await self.open()
        } catch {
            return messages.map { _ in .unavailable("\(error)") }
        }
        do {
            try await session.connection.exchange(within: self.timeout) {
                if self.options.usesJetStream {
                    try await self.publishToStream(messages, over: &session, results: &results)
                } else {
                    try await self.publish(messages, over: &session, results: &results)
                }
            }
            session.lastUsed = .now()
            self.session = session
        } catch {
            session.connection.close()
            self.session = nil
            return results.map { $0 ?? .unavailable("\(error)") }
        }
        return results.map { $0 ?? .unavailable("not acknowledged") }
    }

    private func publish(
        _ messages: [EventMessage], over session: inout Session, results: inout [DeliveryResult?]
    ) async throws {
        var bytes: [UInt8] = []
        for message in messages { bytes += self.publication(of: message, reply: nil) }
        bytes += Array("PING\r\n".utf8)
        try await session.connection.write(bytes)
        while true {
            switch try await Self.frame(on: &session) {
            case .pong:
                for index in results.indices { results[index] = .delivered }
                return
            case .error(let text): throw ConnectionProblem("NATS: \(text)")
            case .info, .ping, .ok, .message: break
            }
        }
    }

    private func publishToStream(
        _ messages: [EventMessage], over session: inout Session, results: inout [DeliveryResult?]
    ) async throws {
        var bytes: [UInt8] = []
        var indices: [String: Int] = [:]
        for (index, message) in messages.enumerated() {
            session.count += 1
            let reply = "\(session.inbox).\(session.count)"
            indices[reply] = index
            bytes += self.publication(of: message, reply: reply)
        }
        try await session.connection.write(bytes)
        while !indices.isEmpty {
            switch try await Self.frame(on: &session) {
            case .message(let subject, let status, let payload):
                guard let index = indices.removeValue(forKey: subject) else { continue }
                results[index] = Self.result(status: status, payload: payload)
            case .error(let text): throw ConnectionProblem("NATS: \(text)")
            case .info, .ping, .pong, .ok: break
            }
        }
    }

    /// What a stream says about a message: `{"stream":…,"seq":…}`, or an error.
    ///
    /// Source: NATS documentation, "JetStream wire API Reference", PubAck.
    static func result(status: Int?, payload: [UInt8]) -> DeliveryResult {
        if status == 503 { return .unavailable("NATS: no stream of JetStream takes the subject") }
        guard let answer = try? JSONParser.parse(payload) else {
            return .unavailable("NATS: an answer that is no JSON")
        }
        if let error = answer["error"] {
            return .unavailable("NATS: \(error["description"]?.string ?? "the stream refuses the message")")
        }
        guard answer["stream"]?.string != nil else { return .unavailable("NATS: an answer without a stream") }
        return .delivered
    }

    private func publication(of message: EventMessage, reply: String?) -> [UInt8] {
        let subject = Self.subject(of: message, template: self.options.subject)
        let headers = Array("NATS/1.0\r\nNats-Msg-Id: \(message.id)\r\nContent-Type: application/json\r\n\r\n".utf8)
        var bytes = Array("HPUB \(subject) ".utf8)
        if let reply { bytes += Array("\(reply) ".utf8) }
        bytes += Array("\(headers.count) \(headers.count + message.body.count)\r\n".utf8)
        bytes += headers
        bytes += message.body
        bytes += Array("\r\n".utf8)
        return bytes
    }

    /// Dots part the words of a subject, so that those of a bucket's name become low lines.
    static func subject(of message: EventMessage, template: String) -> String {
        template.replacing("{account}", with: message.account)
            .replacing("{bucket}", with: message.bucket.replacing(".", with: "_"))
            .replacing("{event}", with: message.eventName)
    }

    // MARK: The connection

    private func open() async throws -> Session {
        if let session {
            // Nobody answers the server's pings meanwhile, so that it may have given the connection up.
            if session.connection.isOpen, NIODeadline.now() - session.lastUsed < maximumIdleTime { return session }
            session.connection.close()
            self.session = nil
        }
        let server = self.options.server
        let connection = try await ServerConnection.open(host: server.host, port: server.port, timeout: self.timeout)
        var bits: [UInt8] = []
        bits.append(bigEndian: self.random.next())
        bits.append(bigEndian: self.random.next())
        var session = Session(
            connection: connection, parser: NATSParser(), inbox: "_INBOX.tern.\(bits.lowercaseHex)")
        do {
            try await connection.exchange(within: self.timeout) { try await self.greet(over: &session) }
        } catch {
            connection.close()
            throw error
        }
        return session
    }

    private func greet(over session: inout Session) async throws {
        let server = self.options.server
        guard case .info(let json) = try await Self.frame(on: &session), let info = try? JSONParser.parse(json) else {
            throw ConnectionProblem("the server does not greet as one of NATS")
        }
        guard info["headers"] == .boolean(true) else {
            throw ConnectionProblem("the server of NATS does not take headers; 2.2 or later does")
        }
        let requiresTLS = info["tls_required"] == .boolean(true)
        if requiresTLS, !server.isTLS { throw ConnectionProblem("the server of NATS wants TLS: use tls:// in the URL") }
        if server.isTLS { try await session.connection.startTLS(self.tls, host: server.host) }

        var connect = JSONWriter()
        connect.openObject()
        for (name, value) in [
            ("verbose", false), ("pedantic", false), ("tls_required", server.isTLS), ("headers", true),
            ("no_responders", true), ("echo", false),
        ] {
            connect.name(name)
            connect.boolean(value)
        }
        connect.member("name", "tern")
        connect.member("lang", "swift")
        connect.member("version", "1")
        connect.member("protocol", 1)
        connect.member("user", ifPresent: server.user)
        connect.member("pass", ifPresent: server.password)
        connect.member("auth_token", ifPresent: self.options.token)
        connect.closeObject()
        var bytes = Array("CONNECT ".utf8) + connect.bytes + Array("\r\n".utf8)
        bytes += Array("SUB \(session.inbox).* 1\r\nPING\r\n".utf8)
        try await session.connection.write(bytes)
        while true {
            switch try await Self.frame(on: &session) {
            case .pong: return
            case .error(let text): throw ConnectionProblem("NATS: \(text)")
            case .info, .ping, .ok, .message: break
            }
        }
    }

    /// The next frame; the server's own pings are answered.
    private static func frame(on session: inout Session) async throws -> NATSFrame {
        while true {
            guard let frame = try session.parser.next() else {
                session.parser.append(try await session.connection.read())
                continue
            }
            if frame == .ping { try await session.connection.write(Array("PONG\r\n".utf8)) }
            return frame
        }
    }

    func shutDown() {
        self.session?.connection.close()
        self.session = nil
    }
}
