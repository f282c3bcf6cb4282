import Crypto
import NIOCore
import TernControlPlane
import TernCore
import TernSigV4

/// Writes out signed S3 requests for one region.
struct LoadSigner: Sendable {
    let endpoint: LoadEndpoint
    private let signer: RequestSigner
    private let identitySigner: RequestSigner

    init(endpoint: LoadEndpoint, region: RegionName, account: ConfiguredAccount) {
        self.endpoint = endpoint
        self.signer = RequestSigner(
            accessKeyID: account.accessKey, secret: account.secretKey, region: region.description)
        self.identitySigner = RequestSigner(
            accessKeyID: account.accessKey, secret: account.secretKey, region: RegionName.usEast1.description,
            service: "iam")
    }

    /// A request of the Query protocol to IAM.
    ///
    /// - Parameter parameters: Names and values, which are encoded here.
    func identityRequest(_ parameters: [(String, String)]) throws -> LoadRequest {
        let form = parameters.map { name, value in
            "\(name)=\(PercentEncoding.encode(Array(value.utf8), keepingSlash: false))"
        }.joined(separator: "&")
        guard let target = RequestTarget("/") else { throw CommandFailure("/ is no request target") }
        var signed = SignedRequest(
            method: "POST", target: target,
            headers: HeaderFields([
                .init(name: "host", value: self.endpoint.authority),
                .init(name: "content-type", value: "application/x-www-form-urlencoded; charset=utf-8"),
            ]))
        let digest = Array(SHA256.hash(data: Array(form.utf8)))
        try self.identitySigner.sign(&signed, payload: .sha256(digest), at: SystemClock().now)
        return Self.written("POST", "/", signed.headers, body: ByteBuffer(string: form))
    }

    /// - Parameters:
    ///   - target: Path and query.
    ///   - headers: Further fields, signed, with names in lower case.
    func request(
        _ method: String, _ target: String, headers: [HeaderFields.Field] = [], body: ByteBuffer? = nil
    ) throws -> LoadRequest {
        guard let parsed = RequestTarget(target) else { throw CommandFailure("\(target) is no request target") }
        var signed = SignedRequest(
            method: method, target: parsed,
            headers: HeaderFields([.init(name: "host", value: self.endpoint.authority)] + headers))
        try self.signer.sign(&signed, payload: .unsigned, at: SystemClock().now)
        return Self.written(method, target, signed.headers, body: body)
    }

    private static func written(
        _ method: String, _ target: String, _ headers: HeaderFields, body: ByteBuffer?
    ) -> LoadRequest {
        var head = ByteBuffer()
        head.writeString("\(method) \(target) HTTP/1.1\r\n")
        for field in headers.fields { head.writeString("\(field.name): \(field.value)\r\n") }
        if let body { head.writeString("content-length: \(body.readableBytes)\r\n") }
        head.writeString("\r\n")
        return LoadRequest(head: head, body: body, isHead: method == "HEAD")
    }
}
