package import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
package import TernCore
import TernObjects
package import TernPorts
import TernSigV4

/// Forwards requests over HTTP, by connections of its own: clients' requests and replication do not wait for each
/// other's.
///
/// A client that waits for `100 Continue` gets it when the other region asks for the body, and that region's answer in
/// its place where it needs no body to refuse the request.
package struct HTTPRequestForwarder: RequestForwarder {
    private let federation: FederationConfiguration
    private let timeouts: ForwardingTimeouts
    private let pool: PeerConnectionPool

    /// - Parameter trust: What certificates of `https` endpoints are believed by; `nil` where there are none.
    package init(
        federation: FederationConfiguration,
        trust: CurrentPeerTrust? = nil,
        timeouts: ForwardingTimeouts = ForwardingTimeouts(),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.federation = federation
        self.timeouts = timeouts
        self.pool = PeerConnectionPool(federation: federation, trust: trust, timeouts: timeouts, group: group)
    }

    /// Closes the connections. Call it when no request is under way any more.
    package func shutDown() {
        self.pool.shutDown()
    }

    package func forward(
        _ head: TernPorts.HTTPRequestHead, body: any HTTPRequestBody, to region: RegionName
    ) async throws(ForwardingError) -> HTTPAnswer {
        do {
            if let kept = try await self.pool.takeKept(region) {
                let replayable = ReplayableBody(body)
                do {
                    return try await self.forward(head, body: replayable, over: kept)
                } catch {
                    guard await self.maySendAgain(head, replayable, after: error, over: kept) else { throw error }
                }
                return try await self.forward(head, body: replayable, over: try await self.pool.connect(region))
            }
            return try await self.forward(head, body: body, over: try await self.pool.connect(region))
        } catch let error as HTTPBodyError {
            throw .brokenBody(error)
        } catch {
            throw .noAnswer(PeerClient.transportError(error, region: region).message)
        }
    }

    private func forward(
        _ head: TernPorts.HTTPRequestHead, body: any HTTPRequestBody, over connection: PeerConnection
    ) async throws -> HTTPAnswer {
        do {
            let (answer, isSent) = try await self.exchange(head, body: body, over: connection)
            connection.limitWaiting(self.timeouts.receiving)
            return try await self.answer(
                to: head.method, answer, by: connection, isReusable: isSent && answer.isKeepAlive)
        } catch {
            connection.close()
            if case PeerConnectionError.timedOut = error { self.pool.closeIdle(to: connection.region) }
            throw error
        }
    }

    /// Whether a request that failed on a kept connection may be sent once more, on another.
    ///
    /// The region may have closed the connection in the moment in which it was used again. Where not a byte of an answer
    /// came, it most likely never saw the request; but it may have done what was asked and died of it. So only that is
    /// sent again which means the same when it is done twice (RFC 9110 §9.2.2), or whose body the region cannot have.
    private func maySendAgain(
        _ head: TernPorts.HTTPRequestHead, _ body: ReplayableBody, after error: any Error,
        over connection: PeerConnection
    ) async -> Bool {
        switch error {
        case is HTTPBodyError, PeerConnectionError.timedOut: return false
        default: break
        }
        guard !Task.isCancelled, await !connection.hasReceived() else { return false }
        if !body.isAsked { return true }
        return ForwardedMessage.isRepeatable(head) && body.rewind()
    }

    // MARK: The request

    private enum Event: Sendable {
        /// The request is sent, whole or as far as the connection took it.
        case sent(isWhole: Bool)
        case head(HTTPResponseHead)
    }

    /// Sends the request until its answer comes. Returns the answer's head, and whether the request was sent whole.
    private func exchange(
        _ head: TernPorts.HTTPRequestHead, body: any HTTPRequestBody, over connection: PeerConnection
    ) async throws -> (HTTPResponseHead, isSent: Bool) {
        var request = NIOHTTP1.HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: head.method), uri: head.target)
        for field in ForwardedMessage.endToEndFields(head.headers) {
            request.headers.add(name: field.name, value: field.value)
        }
        // Behind the removal of what the client's `Connection` names, which could name the marker too.
        if let seal = ForwardingSeal(secret: self.federation.secret), !head.remoteAddress.isEmpty {
            let origin = seal.seal(
                address: head.remoteAddress, isSecure: head.isSecure, method: head.method, target: head.target,
                authorization: head.headers["authorization"])
            request.headers.replaceOrAdd(name: ForwardingSeal.header, value: origin)
        }
        request.headers.replaceOrAdd(name: ForwardedRequest.markerHeader, value: self.federation.region.description)
        if head.headers.contains("transfer-encoding") {
            request.headers.add(name: "transfer-encoding", value: "chunked")
        }
        // A client of HTTP/1.0 need not name one.
        if !head.headers.contains("host") {
            request.headers.add(
                name: "host", value: PeerClient.host(of: self.federation.regions[connection.region] ?? ""))
        }
        // Of the fields that are sent: a client's `Connection` can keep `Expect` from the other region.
        var isAwaited = request.headers["expect"].contains { $0.lowercased() == "100-continue" }
        let limit = ForwardedMessage.isSlow(head) ? self.timeouts.longAnswer : self.timeouts.answer

        try await connection.send(.head(request))
        return try await withThrowingTaskGroup(of: Event.self) { group in
            if isAwaited {
                connection.limitWaiting(limit)
            } else {
                group.addTask { try await Self.send(body, over: connection) }
            }
            group.addTask { .head(try await connection.head()) }
            var isSent = false
            while let event = try await group.next() {
                switch event {
                case .sent(let isWhole):
                    isSent = isWhole
                    connection.limitWaiting(limit)
                case .head(let answer) where answer.status.code < 200:
                    if isAwaited, answer.status == .continue {
                        isAwaited = false
                        connection.limitWaiting(nil)
                        group.addTask { try await Self.send(body, over: connection) }
                    }
                    group.addTask { .head(try await connection.head()) }
                case .head(let answer):
                    // What is left of the request has no more bearing on its answer.
                    group.cancelAll()
                    while let rest = await group.nextResult() {
                        if case .success(.sent(let isWhole)) = rest { isSent = isWhole }
                    }
                    return (answer, isSent)
                }
            }
            throw PeerConnectionError.closed
        }
    }

    /// Sends the body. The first look at it asks the client for it.
    private static func send(_ body: any HTTPRequestBody, over connection: PeerConnection) async throws -> Event {
        while let chunk = try await body.next() {
            // Where the region takes no more, its answer says why, or else the reader of the answer learns it.
            guard (try? await connection.send(.body(.byteBuffer(chunk)))) != nil else { return .sent(isWhole: false) }
        }
        return .sent(isWhole: (try? await connection.send(.end(nil))) != nil)
    }

    // MARK: The answer

    private func answer(
        to method: String, _ head: HTTPResponseHead, by connection: PeerConnection, isReusable: Bool
    ) async throws -> HTTPAnswer {
        var received = HeaderFields()
        for (name, value) in head.headers { received.append(name.lowercased(), value) }
        let status = Int(head.status.code)
        var answer = HTTPAnswer(status: status, headers: HeaderFields(ForwardedMessage.endToEndFields(received)))
        let body = ForwardedAnswerBody(connection, returningTo: isReusable ? self.pool : nil)
        if method == "HEAD" || status == 204 || status == 304 {
            // Read to its end all the same, so that the connection can be used again.
            while try await body.next() != nil {}
        } else if let length = received["content-length"].flatMap({ Int64($0) }) {
            answer.body = .stream(byteCount: length, source: body)
        } else {
            answer.body = .chunked(source: body)
        }
        return answer
    }
}

/// The body of another region's answer. The connection is closed if the body is not read to its end.
private final class ForwardedAnswerBody: HTTPBodySource {
    private let connection: PeerConnection
    private let pool: PeerConnectionPool?
    private let isComplete = Atomic<Bool>(false)

    /// - Parameter pool: Where the connection goes behind the body; `nil` where it is of no more use.
    init(_ connection: PeerConnection, returningTo pool: PeerConnectionPool?) {
        self.connection = connection
        self.pool = pool
    }

    func next() async throws -> ByteBuffer? {
        if self.isComplete.load(ordering: .relaxed) { return nil }
        switch try await self.connection.next() {
        case .body(let chunk):
            return chunk
        case .end:
            self.isComplete.store(true, ordering: .relaxed)
            if let pool = self.pool { pool.release(self.connection) } else { self.connection.close() }
            return nil
        case .head:
            throw PeerConnectionError.unexpected
        }
    }

    deinit {
        if !self.isComplete.load(ordering: .relaxed) { self.connection.close() }
    }
}
