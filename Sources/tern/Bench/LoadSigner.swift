import NIOCore
import TernControlPlane
import TernCore
import TernSigV4

/// Writes out signed S3 requests for one region.
struct LoadSigner: Sendable {
    let endpoint: LoadEndpoint
    private let signer: RequestSigner

    init(endpoint: LoadEndpoint, region: RegionName, account: ConfiguredAccount) {
        self.endpoint = endpoint
        self.signer = RequestSigner(
            accessKeyID: account.accessKey, secret: account.secretKey, region: region.description)
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
        var head = ByteBuffer()
        head.writeString("\(method) \(target) HTTP/1.1\r\n")
        for field in signed.headers.fields { head.writeString("\(field.name): \(field.value)\r\n") }
        if let body { head.writeString("content-length: \(body.readableBytes)\r\n") }
        head.writeString("\r\n")
        return LoadRequest(head: head, body: body, isHead: method == "HEAD")
    }
}
