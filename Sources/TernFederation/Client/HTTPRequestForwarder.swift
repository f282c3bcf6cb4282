package import AsyncHTTPClient
import NIOCore
import NIOHTTP1
package import TernCore
import TernObjects
package import TernPorts

/// Forwards requests over HTTP, by a pool of connections of its own: clients' requests and replication do not wait for
/// each other's connections.
package struct HTTPRequestForwarder: RequestForwarder {
    private let federation: FederationConfiguration
    private let http: HTTPClient

    /// - Parameter http: Made with ``httpConfiguration``; its owner shuts it down.
    package init(federation: FederationConfiguration, http: HTTPClient) {
        self.federation = federation
        self.http = http
    }

    /// Fails fast where nobody answers, and is more patient than clients are: the limits that end a slow request are
    /// the client's own, and those of the region that works on it.
    package static var httpConfiguration: HTTPClient.Configuration {
        var configuration = PeerClient.httpConfiguration
        configuration.timeout.read = .minutes(10)
        configuration.timeout.write = .minutes(2)
        // Below the idle timeout of regions, which would otherwise close a connection that is just being used again.
        configuration.connectionPool.idleTimeout = .seconds(20)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 512
        return configuration
    }

    package func forward(
        _ head: TernPorts.HTTPRequestHead, body: any HTTPRequestBody, to region: RegionName
    ) async throws(ForwardingError) -> HTTPAnswer {
        guard let endpoint = self.federation.endpoints[region] else {
            throw .noAnswer("no endpoint is known for region \(region)")
        }
        do {
            var request = HTTPClientRequest(url: endpoint + ForwardedMessage.urlForm(ofTarget: head.target))
            request.method = HTTPMethod(rawValue: head.method)
            for field in ForwardedMessage.endToEndFields(head.headers) {
                request.headers.add(name: field.name, value: field.value)
            }
            // Behind the removal of what the client's `Connection` names, which could name the marker too.
            request.headers.replaceOrAdd(
                name: ForwardedRequest.markerHeader, value: self.federation.region.description)
            request.body = try await Self.body(of: head, body)
            return try await Self.answer(to: head.method, self.http.execute(request, deadline: .distantFuture))
        } catch let error as HTTPBodyError {
            throw .brokenBody(error)
        } catch {
            throw .noAnswer(PeerClient.transportError(error, region: region).message)
        }
    }

    private static func body(
        of head: TernPorts.HTTPRequestHead, _ body: any HTTPRequestBody
    ) async throws -> HTTPClientRequest.Body? {
        if head.headers.contains("transfer-encoding") {
            return .stream(RequestBodySequence(body: body), length: .unknown)
        }
        if let length = head.headers["content-length"].flatMap({ Int64($0) }), length > 0 {
            return .stream(RequestBodySequence(body: body), length: .known(length))
        }
        // Clients wait for `100 Continue` before an empty body too, and it is asking that sends it.
        _ = try await body.next()
        return nil
    }

    private static func answer(to method: String, _ response: HTTPClientResponse) async throws -> HTTPAnswer {
        var received = HeaderFields()
        for (name, value) in response.headers { received.append(name.lowercased(), value) }
        let status = Int(response.status.code)
        var answer = HTTPAnswer(status: status, headers: HeaderFields(ForwardedMessage.endToEndFields(received)))
        if method == "HEAD" || status == 204 || status == 304 {
            // Read to its end all the same, so that the connection can be used again.
            for try await _ in response.body {}
            return answer
        }
        let source = ResponseStream(response.body)
        if let length = received["content-length"].flatMap({ Int64($0) }) {
            answer.body = .stream(byteCount: length, source: source)
        } else {
            answer.body = .chunked(source: source)
        }
        return answer
    }
}

/// A client's body in the shape that the HTTP client pulls from. One iteration only.
private struct RequestBodySequence: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let body: any HTTPRequestBody

    struct Iterator: AsyncIteratorProtocol {
        let body: any HTTPRequestBody

        mutating func next() async throws -> ByteBuffer? {
            try await self.body.next()
        }
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(body: self.body)
    }
}
