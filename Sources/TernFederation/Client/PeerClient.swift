package import AsyncHTTPClient
import Foundation
package import NIOCore
import NIOHTTP1
import NIOPosix
package import TernCore
package import TernObjects
package import TernPorts
import TernReplication
import TernSigV4

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// An answer of another region.
package struct PeerAnswer: Sendable {
    package var status: Int
    package var headers: HeaderFields
    package var body: ByteBuffer
}

/// An answer of another region whose body is still to be read.
struct StreamedAnswer: Sendable {
    var status: Int
    var headers: HeaderFields
    var body: ResponseStream

    /// The beginning of a body that is a message for people.
    func text() async throws -> String {
        var text = ByteBuffer()
        while text.readableBytes < 300, var chunk = try await self.body.next() { text.writeBuffer(&chunk) }
        return String(decoding: text.readableBytesView.prefix(300), as: UTF8.self)
    }
}

/// Sends signed requests to the other regions, over one pool of connections.
package struct PeerClient: Sendable {
    package let federation: FederationConfiguration
    private let http: HTTPClient
    private let wall: any WallClock
    private let trust: CurrentPeerTrust?
    private let signers: PeerSigners
    private let lines: PeerLines?

    /// The largest answer that is read.
    private static let maximumAnswerBytes = 16 * 1024 * 1024

    /// - Parameters:
    ///   - http: Made with ``httpConfiguration(lines:)``; its owner shuts it down.
    ///   - trust: What certificates of `https` endpoints are believed by; `nil` where there are none.
    ///   - lines: Those of `http`; `nil` where what is under way has no bounds.
    package init(
        federation: FederationConfiguration, http: HTTPClient, wall: any WallClock, trust: CurrentPeerTrust? = nil,
        lines: PeerLines? = nil
    ) {
        self.federation = federation
        self.http = http
        self.wall = wall
        self.trust = trust
        self.signers = PeerSigners(federation)
        self.lines = lines
    }

    /// Fails fast where nobody answers, and waits as long as bytes flow.
    ///
    /// - Parameter lines: Get to know of the connections.
    package static func httpConfiguration(lines: PeerLines? = nil) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(2)
        // Longer than a poll of the directory waits.
        configuration.timeout.read = .seconds(40)
        configuration.timeout.write = .seconds(20)
        configuration.connectionPool.idleTimeout = .seconds(60)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        if let lines { configuration.http1_1ConnectionDebugInitializer = { lines.watch($0) } }
        return configuration
    }

    /// What bounds the segments that are under way to a region; `nil` for nothing.
    func line(to region: RegionName) -> PeerLine? {
        guard let endpoint = self.federation.regions[region] else { return nil }
        return self.lines?.line(to: Self.host(of: endpoint))
    }

    /// Sends a request and reads the whole answer.
    ///
    /// - Parameters:
    ///   - query: The query as it stands behind the question mark, encoded; empty for none.
    ///   - timeout: For the whole answer; `nil` waits as long as bytes flow.
    /// - Throws: ``TransportError`` where no answer came. An answer of any status is an answer.
    package func send(
        _ path: PeerPath,
        query: String = "",
        body: HTTPClientRequest.Body? = nil,
        to region: RegionName,
        timeout: Duration? = nil
    ) async throws(TransportError) -> PeerAnswer {
        let request = try self.request(path, query: query, body: body, to: region)
        do {
            let response = try await self.http.execute(
                request, deadline: timeout.map { .now() + TimeAmount($0) } ?? .distantFuture)
            var headers = HeaderFields()
            for (name, value) in response.headers { headers.append(name.lowercased(), value) }
            let bytes = try await response.body.collect(upTo: Self.maximumAnswerBytes)
            return PeerAnswer(status: Int(response.status.code), headers: headers, body: bytes)
        } catch {
            throw Self.transportError(error, region: region)
        }
    }

    /// As ``send(_:query:body:to:timeout:)``, where only 200 will do.
    package func sendExpectingOK(
        _ path: PeerPath,
        query: String = "",
        body: HTTPClientRequest.Body? = nil,
        to region: RegionName,
        timeout: Duration? = nil
    ) async throws(TransportError) -> PeerAnswer {
        let answer = try await self.send(path, query: query, body: body, to: region, timeout: timeout)
        if answer.status == 200 { return answer }
        throw Self.transportError(answer, region: region)
    }

    /// Sends a request and returns as soon as the answer begins; its body is read at the caller's pace.
    ///
    /// - Throws: ``TransportError`` where no answer came. An answer of any status is an answer.
    func open(_ path: PeerPath, query: String, to region: RegionName) async throws(TransportError) -> StreamedAnswer {
        let request = try self.request(path, query: query, body: nil, to: region)
        do {
            let response = try await self.http.execute(request, deadline: .distantFuture)
            var headers = HeaderFields()
            for (name, value) in response.headers { headers.append(name.lowercased(), value) }
            return StreamedAnswer(
                status: Int(response.status.code), headers: headers, body: ResponseStream(response.body))
        } catch {
            throw Self.transportError(error, region: region)
        }
    }

    private func request(
        _ path: PeerPath,
        query: String,
        body: HTTPClientRequest.Body?,
        to region: RegionName
    ) throws(TransportError) -> HTTPClientRequest {
        guard let endpoint = self.federation.regions[region] else {
            throw TransportError(.peerUnknown, "no endpoint is known for region \(region)")
        }
        let text = query.isEmpty ? path.path : "\(path.path)?\(query)"
        guard let target = RequestTarget(text) else {
            throw TransportError(.protocolViolation, "the request target \(text) cannot be read")
        }
        var signed = SignedRequest(method: path.method, target: target, headers: HeaderFields())
        signed.headers.append("host", Self.host(of: endpoint))
        do {
            try self.signers.signer(for: region).sign(&signed, payload: .unsigned, at: self.wall.now)
        } catch {
            throw TransportError(.protocolViolation, "the request cannot be signed: \(error.message)")
        }
        var request = HTTPClientRequest(url: endpoint + text)
        request.method = HTTPMethod(rawValue: path.method)
        // Connections are kept apart by it, so that a change of authorities makes new ones.
        request.tlsConfiguration = self.trust?().configuration
        for field in signed.headers.fields { request.headers.add(name: field.name, value: field.value) }
        request.body = body
        return request
    }

    static func host(of endpoint: String) -> String {
        guard let scheme = endpoint.range(of: "://") else { return endpoint }
        return String(endpoint[scheme.upperBound...].prefix { $0 != "/" })
    }

    static func transportError(_ error: any Error, region: RegionName) -> TransportError {
        let text = "region \(region): \(error)"
        switch error {
        case let error as HTTPClientError where error == .connectTimeout:
            return TransportError(.timeout, "region \(region) cannot be connected to in time")
        case let error as HTTPClientError
        where error == .readTimeout || error == .writeTimeout || error == .deadlineExceeded:
            return TransportError(.timeout, "region \(region) does not answer")
        case let error as PeerConnectionError:
            return TransportError(.networkError, "region \(region): \(error)")
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            return TransportError(.networkError, "region \(region) closed the connection", mayBeDueToContent: true)
        case is NIOConnectionError:
            return TransportError(.networkError, "region \(region) cannot be connected to")
        case let error as IOError where Self.saysUnreachable.contains(error.errnoCode):
            return TransportError(.networkError, "region \(region) cannot be connected to: \(error)")
        case is IOError:
            return TransportError(.networkError, text, mayBeDueToContent: true)
        case is CancellationError:
            return TransportError(.shuttingDown, "this region is shutting down")
        default:
            return TransportError(.networkError, text)
        }
    }

    /// System errors of a connection that never came about.
    private static let saysUnreachable: Set<CInt> = [
        ECONNREFUSED, EHOSTUNREACH, EHOSTDOWN, ENETUNREACH, ENETDOWN, ETIMEDOUT, EADDRNOTAVAIL, EMFILE,
    ]

    static func transportError(_ answer: PeerAnswer, region: RegionName) -> TransportError {
        let text = String(decoding: answer.body.readableBytesView.prefix(300), as: UTF8.self)
        let message = "region \(region) answers \(answer.status): \(text)"
        switch answer.status {
        case 401, 403: return TransportError(.peerAuthenticationFailed, message)
        case 429, 503: return TransportError(.throttled, message)
        case 500...: return TransportError(.serverError, message, mayBeDueToContent: true)
        default: return TransportError(.protocolViolation, message, mayBeDueToContent: true)
        }
    }
}
