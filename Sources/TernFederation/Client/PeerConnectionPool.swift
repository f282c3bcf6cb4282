import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import TernCore
import TernPorts

/// Connections to the other regions for forwarded requests.
///
/// There is no limit to those in use: each belongs to a client's connection, and those are limited.
final class PeerConnectionPool: Sendable {
    private struct State {
        /// The connection that was used last is at the end, and is used first.
        var idle: [RegionName: [PeerConnection]] = [:]
        var isShutDown = false
    }

    /// Connections that are kept for one region.
    private static let idleLimit = 256

    private let federation: FederationConfiguration
    private let trust: CurrentPeerTrust?
    private let timeouts: ForwardingTimeouts
    private let group: any EventLoopGroup
    private let state = Mutex(State())

    init(
        federation: FederationConfiguration, trust: CurrentPeerTrust?, timeouts: ForwardingTimeouts,
        group: any EventLoopGroup
    ) {
        self.federation = federation
        self.trust = trust
        self.timeouts = timeouts
        self.group = group
    }

    /// A connection that waits for another request, which comes back by ``release(_:)`` or is closed; `nil` where there
    /// is none.
    func takeKept(_ region: RegionName) async throws -> PeerConnection? {
        let trust = try self.address(of: region).trust
        while let connection = self.state.withLock({ $0.idle[region]?.popLast() }) {
            // What was believed before the authorities changed is not believed any more.
            guard connection.trust === trust else {
                connection.close()
                continue
            }
            if await connection.revive() { return connection }
        }
        return nil
    }

    /// A new connection, which comes back by ``release(_:)`` or is closed.
    func connect(_ region: RegionName) async throws -> PeerConnection {
        let (host, port, trust) = try self.address(of: region)
        let connection = try await self.connect(region, host: host, port: port, trust: trust)
        do {
            try await connection.ready()
        } catch {
            connection.close()
            throw error
        }
        return connection
    }

    private func address(of region: RegionName) throws -> (host: String, port: Int, trust: NIOSSLContext?) {
        guard let endpoint = self.federation.regions[region], let url = URLComponents(string: endpoint),
            let host = url.host
        else { throw PeerEndpointError(description: "no endpoint is known for it") }
        let isSecure = url.scheme == "https"
        let trust = isSecure ? self.trust?().context : nil
        if isSecure, trust == nil { throw PeerEndpointError(description: "no authority is known for its certificate") }
        return (host.filter { $0 != "[" && $0 != "]" }, url.port ?? (isSecure ? 443 : 80), trust)
    }

    private func connect(
        _ region: RegionName, host: String, port: Int, trust: NIOSSLContext?
    ) async throws -> PeerConnection {
        let timeouts = self.timeouts
        let connection = try await ClientBootstrap(group: self.group)
            .connectTimeout(timeouts.connect)
            .channelOption(.autoRead, value: false)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let trust {
                        // An address is no name that TLS could ask for; the certificate is compared with it all the same.
                        let isAddress = (try? SocketAddress(ipAddress: host, port: port)) != nil
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: trust, serverHostname: isAddress ? nil : host))
                    }
                    let handler = PeerConnectionHandler(
                        timeouts: timeouts, isSecure: trust != nil, loop: channel.eventLoop)
                    try pipeline.addHandler(ReceivedBytesHandler(telling: handler))
                    var framing = HTTPRequestEncoder.Configuration()
                    // Fields leave as they came: clients may have signed `Content-Length: 0` of a GET.
                    framing.automaticallySetFramingHeaders = false
                    try pipeline.addHandler(HTTPRequestEncoder(configuration: framing))
                    try pipeline.addHandler(
                        ByteToMessageHandler(HTTPResponseDecoder(informationalResponseStrategy: .forward)))
                    try pipeline.addHandler(handler)
                    return PeerConnection(region: region, trust: trust, channel: channel, handler: handler)
                }
            }
        let identity = ObjectIdentifier(connection)
        connection.channel.closeFuture.whenComplete { [weak self] _ in
            self?.state.withLock { $0.idle[region]?.removeAll { ObjectIdentifier($0) == identity } }
        }
        return connection
    }

    /// Takes back a connection whose exchange is over, on both sides.
    func release(_ connection: PeerConnection) {
        connection.becomeIdle(limit: self.timeouts.idle)
        let isKept = self.state.withLock { state in
            guard !state.isShutDown, state.idle[connection.region, default: []].count < Self.idleLimit else {
                return false
            }
            state.idle[connection.region, default: []].append(connection)
            return true
        }
        // One that broke meanwhile is found by `revive()`.
        if !isKept { connection.close() }
    }

    /// Closes the connections that wait: where one got no answer, the others lead into the same void.
    func closeIdle(to region: RegionName) {
        let idle = self.state.withLock { $0.idle.removeValue(forKey: region) ?? [] }
        for connection in idle { connection.close() }
    }

    /// Closes what waits, and keeps nothing any more.
    func shutDown() {
        let idle = self.state.withLock { state in
            state.isShutDown = true
            defer { state.idle = [:] }
            return state.idle.values.flatMap(\.self)
        }
        for connection in idle { connection.close() }
    }
}

/// A region cannot be reached for what is configured.
struct PeerEndpointError: Error, CustomStringConvertible {
    var description: String
}
