import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import TernCore
import TernPorts

/// Reads documents of identity providers. Redirects are not followed: what an issuer says comes from itself.
struct HTTPDocumentFetcher: DocumentFetcher {
    /// Where hosts are reached, if not under their names: `https://HOST:PORT`.
    private let places: [String: String]
    private let http: HTTPClient

    private static let timeout = TimeAmount.seconds(5)

    /// - Parameter authorities: `nil` for those that the system believes.
    init(places: [String: String], authorities: TLSConfiguration?) {
        self.places = places
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: authorities, redirectConfiguration: .disallow, timeout: .init(connect: Self.timeout))
        configuration.httpVersion = .http1Only
        self.http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }

    func fetch(_ url: String, limit: Int) async throws(DocumentProblem) -> [UInt8] {
        var request = HTTPClientRequest(url: self.place(of: url))
        request.headers.add(name: "accept", value: "application/json")
        request.headers.add(name: "user-agent", value: "Tern")
        do {
            let response = try await self.http.execute(request, timeout: Self.timeout)
            guard response.status == .ok else {
                throw DocumentProblem("\(url) answered \(response.status.code)")
            }
            let body = try await response.body.collect(upTo: limit)
            return Array(body.readableBytesView)
        } catch let problem as DocumentProblem {
            throw problem
        } catch {
            throw DocumentProblem("\(url) cannot be read: \(error)")
        }
    }

    private func place(of url: String) -> String {
        let rest = url.dropFirst("https://".count)
        let host = rest.prefix { $0 != "/" }
        return self.places[String(host)].map { $0 + rest.dropFirst(host.count) } ?? url
    }

    func shutDown() async {
        // What is under way was given up before.
        try? await self.http.shutdown()
    }
}
