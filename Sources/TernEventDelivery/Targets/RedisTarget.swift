import NIOCore
import NIOSSL
import TernCore

/// Adds each message to a stream or list of Redis, or publishes it there (specification §10.3).
///
/// The worker gives messages of different keys, so those of one batch go out in one piece, and their answers come back in
/// their order.
actor RedisTarget: EventTarget {
    private let options: TargetConfiguration.Redis
    private let timeout: Duration
    private let tls: TLSConfiguration
    private var connection: ServerConnection?
    private var parser = RESPParser()
    private var lastUsed = NIODeadline.now()

    init(_ options: TargetConfiguration.Redis, timeout: Duration, tls: TLSConfiguration) {
        self.options = options
        self.timeout = timeout
        self.tls = tls
    }

    func deliver(_ messages: [EventMessage]) async -> [DeliveryResult] {
        var results: [DeliveryResult] = []
        do {
            let connection = try await self.open()
            try await connection.exchange(within: self.timeout) {
                try await connection.write(messages.flatMap { self.command(for: $0) })
                while results.count < messages.count {
                    results.append(Self.result(try await self.answer(on: connection)))
                }
            }
            self.lastUsed = .now()
        } catch {
            self.disconnect()
            while results.count < messages.count { results.append(.unavailable("\(error)")) }
        }
        return results
    }

    private func command(for message: EventMessage) -> [UInt8] {
        let key = Array(self.options.key.utf8)
        switch self.options.command {
        case .addToStream:
            var words = [Array("XADD".utf8), key]
            if let length = self.options.maximumLength {
                words += ["MAXLEN", "~", "\(length)"].map { Array($0.utf8) }
            }
            words += [Array("*".utf8), Array("id".utf8), Array(message.id.utf8), Array("event".utf8), message.body]
            return RESPParser.command(words)
        case .publish: return RESPParser.command([Array("PUBLISH".utf8), key, message.body])
        case .push: return RESPParser.command([Array("RPUSH".utf8), key, message.body])
        }
    }

    /// Whatever Redis objects to is a matter of the server or of the key, not of the message.
    private static func result(_ value: RESPValue) -> DeliveryResult {
        if case .error(let text) = value { return .unavailable("Redis: \(text)") }
        return .delivered
    }

    private func open() async throws -> ServerConnection {
        if let connection {
            if connection.isOpen, NIODeadline.now() - self.lastUsed < maximumIdleTime { return connection }
            self.disconnect()
        }
        let server = self.options.server
        let connection = try await ServerConnection.open(host: server.host, port: server.port, timeout: self.timeout)
        self.parser = RESPParser()
        do {
            if server.isTLS { try await connection.startTLS(self.tls, host: server.host) }
            try await connection.exchange(within: self.timeout) {
                if let password = server.password {
                    try await self.ask(
                        server.user.map { RESPParser.command("AUTH", $0, password) }
                            ?? RESPParser.command("AUTH", password), on: connection)
                }
                if self.options.database != 0 {
                    try await self.ask(RESPParser.command("SELECT", "\(self.options.database)"), on: connection)
                }
            }
        } catch {
            connection.close()
            throw error
        }
        self.connection = connection
        return connection
    }

    private func ask(_ command: [UInt8], on connection: ServerConnection) async throws {
        try await connection.write(command)
        if case .error(let text) = try await self.answer(on: connection) { throw ConnectionProblem("Redis: \(text)") }
    }

    private func answer(on connection: ServerConnection) async throws -> RESPValue {
        while true {
            if let value = try self.parser.next() { return value }
            self.parser.append(try await connection.read())
        }
    }

    private func disconnect() {
        self.connection?.close()
        self.connection = nil
    }

    func shutDown() { self.disconnect() }
}
