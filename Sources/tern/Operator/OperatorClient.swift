import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TernCore
import TernSigV4

/// Asks regions the operator's questions: `/_tern/v1/…`, signed for the service `tern` with the federation's credential.
struct OperatorClient: Sendable {
    let credential: FederationCredential?
    /// Whose certificates the regions' are; the system's where it is `nil`.
    let caFile: String?

    /// - Parameter targets: `nil` for questions that need no credential.
    init(_ targets: OperatorTargets?) {
        self.credential = targets?.credential
        self.caFile = targets?.caFile
    }

    /// The body of a successful answer.
    ///
    /// - Parameter target: Path and query.
    /// - Throws: ``CommandFailure`` when the region does not answer, or answers an error.
    func get(_ target: String, from region: FederatedRegion) async throws -> Data {
        try await self.ask(target, method: "GET", of: region)
    }

    /// The body of a successful answer to a body that is sent.
    func post(_ target: String, body: Data = Data(), to region: FederatedRegion) async throws -> Data {
        try await self.ask(target, method: "POST", body: body, of: region)
    }

    /// The body of a successful answer of the home region: the one that does not say that another is.
    func askHome(_ target: String, method: String, among regions: [FederatedRegion]) async throws -> Data {
        var failures: [String] = []
        for region in regions {
            do {
                return try await self.ask(target, method: method, of: region)
            } catch let error as OperatorAnswerError where error.status == 409 && error.body.hasPrefix("NotHomeRegion")
            {
                continue
            } catch let error as CommandFailure {
                failures.append("\(error)")
            }
        }
        throw CommandFailure("the home region was not found" + failures.map { "; \($0)" }.joined())
    }

    private func ask(_ target: String, method: String, body: Data? = nil, of region: FederatedRegion) async throws
        -> Data
    {
        let answer: (status: Int, body: Data)
        do {
            answer = try await self.send(target, method: method, body: body, to: region)
        } catch {
            throw CommandFailure("\(region.name) at \(region.endpoint) does not answer (\(error)); is it running?")
        }
        switch answer.status {
        case 200: return answer.body
        case 401, 403:
            throw Self.credentialRefused(region)
        default:
            throw OperatorAnswerError(
                region: region.name, status: answer.status, body: String(decoding: answer.body, as: UTF8.self))
        }
    }

    /// Hands the lines of a successful answer on as they come.
    func lines(
        of target: String, method: String, from region: FederatedRegion, line: (Data) throws -> Void
    ) async throws {
        var request = try self.request(target, method: method, to: region)
        request.headers.replaceOrAdd(name: "accept", value: "application/x-ndjson")
        let response: HTTPClientResponse
        do {
            // A line comes every few seconds; how many there are depends on the bucket.
            response = try await HTTPClient.shared.execute(request, deadline: .distantFuture)
        } catch {
            throw CommandFailure("\(region.name) at \(region.endpoint) does not answer (\(error)); is it running?")
        }
        guard response.status.code == 200 else {
            let body = try await response.body.collect(upTo: 1 << 20)
            if [401, 403].contains(response.status.code) { throw Self.credentialRefused(region) }
            throw OperatorAnswerError(
                region: region.name, status: Int(response.status.code),
                body: String(decoding: body.readableBytesView, as: UTF8.self))
        }
        var rest = Data()
        do {
            for try await chunk in response.body {
                rest.append(contentsOf: chunk.readableBytesView)
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    try line(Data(rest[rest.startIndex..<end]))
                    rest = Data(rest[rest.index(after: end)...])
                }
            }
        } catch let error as HTTPClientError {
            throw CommandFailure("\(region.name) broke off its answer (\(error))")
        }
    }

    private static func credentialRefused(_ region: FederatedRegion) -> CommandFailure {
        CommandFailure(
            "\(region.name) refuses the federation's credential; give --dir or --config of the same federation")
    }

    private func send(_ target: String, method: String, body: Data?, to region: FederatedRegion) async throws -> (
        status: Int, body: Data
    ) {
        let request = try self.request(target, method: method, body: body, to: region)
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
        let body = try await response.body.collect(upTo: 64 << 20)
        return (Int(response.status.code), Data(body.readableBytesView))
    }

    private func request(_ target: String, method: String, body: Data? = nil, to region: FederatedRegion) throws
        -> HTTPClientRequest
    {
        var request = HTTPClientRequest(url: region.endpoint + target)
        request.method = HTTPMethod(rawValue: method)
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        request.tlsConfiguration = try TrustedAuthorities.configuration(caFile: self.caFile)
        if let credential = self.credential, let parsed = RequestTarget(target) {
            let host = region.endpoint.drop { $0 != "/" }.dropFirst(2)
            var signed = SignedRequest(
                method: method, target: parsed, headers: HeaderFields([.init(name: "host", value: String(host))]))
            let signer = RequestSigner(
                accessKeyID: credential.accessKey, secret: credential.secretKey, region: region.name.description,
                service: "tern")
            try signer.sign(&signed, payload: .unsigned, at: SystemClock().now)
            for field in signed.headers.fields { request.headers.replaceOrAdd(name: field.name, value: field.value) }
        }
        return request
    }

    /// The region that an endpoint belongs to, which its health page tells without a signature.
    func region(at endpoint: String) async throws -> FederatedRegion {
        struct Health: Decodable { var region: String }
        guard let normal = RegionConfiguration.normalEndpoint(endpoint) else {
            throw CommandFailure("--endpoint \(endpoint): write http://HOST:PORT")
        }
        var request = HTTPClientRequest(url: normal + "/_tern/v1/health")
        request.tlsConfiguration = try TrustedAuthorities.configuration(caFile: self.caFile)
        guard let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(5)),
            response.status.code == 200,
            let body = try? await response.body.collect(upTo: 65536),
            let health = try? JSONDecoder().decode(Health.self, from: Data(body.readableBytesView)),
            let name = RegionName(health.region)
        else { throw CommandFailure("\(normal) does not answer as a region of Tern; is it running?") }
        return FederatedRegion(name: name, endpoint: normal)
    }
}

/// A region answered an error.
struct OperatorAnswerError: Error, CustomStringConvertible {
    var region: RegionName
    var status: Int
    var body: String

    var description: String { "\(self.region) answers \(self.status): \(self.body.prefix(500))" }
}
