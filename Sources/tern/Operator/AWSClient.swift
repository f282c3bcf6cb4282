import ArgumentParser
import AsyncHTTPClient
import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import TernCore
import TernS3Protocol
import TernSigV4

/// Whose requests a command makes, and to which region: as AWS's tools are told, or those of a development federation.
struct ClientOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "The directory of a development federation, whose first account is used. Default: $TERN_DIR.")
    var dir: String?

    @Option(name: .long, help: "The region's endpoint. Default: that of the federation, or $AWS_ENDPOINT_URL.")
    var endpoint: String?

    @Option(name: .long, help: "The region. Default: the first of the federation, or $AWS_REGION.")
    var region: String?

    /// The client; keys in the environment go before those of the federation.
    func client(environment: [String: String] = ProcessInfo.processInfo.environment) async throws -> AWSClient {
        var endpoint = self.endpoint ?? environment["AWS_ENDPOINT_URL_S3_CONTROL"] ?? environment["AWS_ENDPOINT_URL"]
        var region = self.region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
        var keys = environment["AWS_ACCESS_KEY_ID"].flatMap { id in
            environment["AWS_SECRET_ACCESS_KEY"].map { AWSClient.Keys(id: id, secret: $0) }
        }
        keys?.token = environment["AWS_SESSION_TOKEN"]
        var caFile = environment["AWS_CA_BUNDLE"]
        if let path = self.dir ?? environment["TERN_DIR"] ?? (DevDirectory(".").exists ? "." : nil) {
            let directory = DevDirectory(path)
            let state = try directory.requiredState()
            let known = state.regions.first { region == nil || $0.name == region }
            guard let known else {
                let names = state.regions.map(\.name).joined(separator: ", ")
                throw CommandFailure("there is no region \(region ?? ""); the regions are \(names)")
            }
            region = known.name
            endpoint = self.endpoint ?? state.endpoint(port: known.port)
            if keys == nil, let account = try directory.accounts()?.first {
                keys = AWSClient.Keys(id: account.accessKey, secret: account.secretKey)
            }
            if state.tls == true { caFile = directory.authorityFile }
        }
        guard let keys else {
            throw CommandFailure("whose requests? Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --dir DIR")
        }
        guard let endpoint, let normal = RegionConfiguration.normalEndpoint(endpoint) else {
            throw CommandFailure(
                "which region? Give --endpoint http://HOST:PORT, or --dir DIR of a development federation")
        }
        return AWSClient(endpoint: normal, region: region ?? RegionName.usEast1.description, keys: keys, caFile: caFile)
    }
}

extension ClientOptions {
    /// The region as its operator asks it; `nil` where it is none of a development federation.
    func operated(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> (client: OperatorClient, region: FederatedRegion)? {
        guard let path = self.dir ?? environment["TERN_DIR"] ?? (DevDirectory(".").exists ? "." : nil) else {
            return nil
        }
        let targets = try OperatorTargets(DevDirectory(path))
        let name = self.region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
        return targets.regions.first { name == nil || $0.name.description == name }.map {
            (OperatorClient(targets), $0)
        }
    }
}

/// Makes requests as AWS's tools make them.
struct AWSClient: Sendable {
    struct Keys: Sendable {
        var id: String
        var secret: String
        var token: String?

        init(id: String, secret: String) {
            self.id = id
            self.secret = secret
        }
    }

    let endpoint: String
    let region: String
    let keys: Keys
    let caFile: String?

    private static let timeout = TimeAmount.seconds(60)

    /// The account of the keys.
    func account() async throws -> String {
        let body = Array("Action=GetCallerIdentity&Version=2011-06-15".utf8)
        let answer = try await self.send(
            "POST", "/", service: "sts", body: body,
            headers: [("content-type", "application/x-www-form-urlencoded; charset=utf-8")])
        let document = try XMLParser.parse(answer)
        guard let account = document["GetCallerIdentityResult"]?.text(of: "Account") else {
            throw CommandFailure("\(self.endpoint) does not say whose keys these are")
        }
        return account
    }

    /// The body of a successful answer.
    ///
    /// - Parameter target: Path and query, encoded.
    /// - Throws: ``CommandFailure`` with the code and message of an error.
    func send(
        _ method: String, _ target: String, service: String = "s3", body: [UInt8] = [],
        headers: [(String, String)] = []
    ) async throws -> [UInt8] {
        guard let parsed = RequestTarget(target) else { throw CommandFailure("\(target) is no request target") }
        let host = String(self.endpoint.drop { $0 != "/" }.dropFirst(2))
        var signed = SignedRequest(
            method: method, target: parsed,
            headers: HeaderFields([.init(name: "host", value: host)] + headers.map { .init(name: $0.0, value: $0.1) }))
        if let token = self.keys.token { signed.headers.append("x-amz-security-token", token) }
        let signer = RequestSigner(
            accessKeyID: self.keys.id, secret: self.keys.secret, region: self.region, service: service)
        try signer.sign(&signed, payload: .sha256(Array(SHA256.hash(data: body))), at: SystemClock().now)
        var request = HTTPClientRequest(url: self.endpoint + target)
        request.method = HTTPMethod(rawValue: method)
        request.tlsConfiguration = try TrustedAuthorities.configuration(caFile: self.caFile)
        for field in signed.headers.fields { request.headers.replaceOrAdd(name: field.name, value: field.value) }
        if !body.isEmpty || method == "POST" || method == "PUT" { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response: HTTPClientResponse
        do {
            response = try await HTTPClient.shared.execute(request, timeout: Self.timeout)
        } catch {
            throw CommandFailure("\(self.endpoint) does not answer (\(error)); is it running?", mayPass: true)
        }
        let answer = Array(try await response.body.collect(upTo: 64 << 20).readableBytesView)
        guard (200..<300).contains(response.status.code) else { throw Self.failure(response.status.code, answer) }
        return answer
    }

    private static func failure(_ status: UInt, _ body: [UInt8]) -> CommandFailure {
        let mayPass = status >= 500
        guard let document = try? XMLParser.parse(body) else {
            return CommandFailure("the region answers \(status)", mayPass: mayPass)
        }
        let error = document["Error"] ?? document
        return CommandFailure(
            "\(error.text(of: "Code") ?? "\(status)"): \(error.text(of: "Message") ?? "")", mayPass: mayPass)
    }
}
