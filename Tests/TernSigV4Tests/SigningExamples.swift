import TernCore
import TernSigV4

/// The credentials and requests of AWS's published examples.
enum Example {
    static let accessKeyID = "AKIAIOSFODNN7EXAMPLE"
    static let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    /// 2013-05-24T00:00:00Z.
    static let date = Timestamp(seconds: 1_369_353_600)
    static let signer = RequestSigner(accessKeyID: accessKeyID, secret: secret, region: "us-east-1")
    static let emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    /// A request whose `authorization` and other headers are as given.
    static func request(
        _ method: String = "GET",
        _ target: String = "/test.txt",
        _ headers: KeyValuePairs<String, String> = ["host": "examplebucket.s3.amazonaws.com"]
    ) -> SignedRequest {
        var fields = HeaderFields()
        for (name, value) in headers { fields.append(name, value) }
        guard let target = RequestTarget(target) else { preconditionFailure("broken target in a test") }
        return SignedRequest(method: method, target: target, headers: fields)
    }

    /// Detects and verifies with the example's secret.
    static func verify(
        _ request: SignedRequest,
        region: RegionName = .usEast1,
        now: Timestamp = Example.date,
        secret: String = Example.secret,
        policy: AuthenticationPolicy = AuthenticationPolicy(),
        keys: SigningKeyCache? = nil
    ) throws(SigningError) -> VerifiedRequest? {
        switch try AuthenticationScheme.detect(in: request, policy: policy) {
        case .anonymous:
            nil
        case .v4Header(let parsed), .v4Query(let parsed):
            try parsed.verify(request, secret: secret, expectedRegion: region, now: now, keys: keys)
        case .v2Query(let parsed), .v2Header(let parsed):
            try parsed.verify(request, secret: secret, now: now)
        }
    }

    /// The signature in an `authorization` header.
    static func signature(_ request: SignedRequest) -> String? {
        request.headers["authorization"]?.split(separator: "Signature=").last.map { String($0) }
    }
}

/// A target with some query parameters set, and others removed where the value is `nil`.
func changing(_ target: String, _ changes: [String: String?]) -> String {
    let halves = target.split(separator: "?", maxSplits: 1)
    var parts: [String] = []
    var left = changes
    for part in halves[1].split(separator: "&") {
        let name = String(part.split(separator: "=")[0])
        if let change = left.removeValue(forKey: name) {
            if let value = change { parts.append("\(name)=\(value)") }
        } else {
            parts.append(String(part))
        }
    }
    for (name, value) in left.sorted(by: { $0.key < $1.key }) {
        if let value { parts.append("\(name)=\(value)") }
    }
    return "\(halves[0])?\(parts.joined(separator: "&"))"
}
