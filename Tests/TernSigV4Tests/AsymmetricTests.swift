import Crypto
import TernChecksums
import TernCore
import Testing

@testable import TernSigV4

@Suite("Signature version 4A")
struct AsymmetricTests {
    private static let accessKeyID = "AKIAIOSFODNN7EXAMPLE"
    private static let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    private static let now = Timestamp(amzDate: "20260131T120000Z") ?? Timestamp(milliseconds: 0)

    @Test("SIG-51, SIG-54: the key pair is derived from secret and access key")
    func derivation() throws {
        let key = try #require(AsymmetricKey.privateKey(secret: Self.secret, accessKeyID: Self.accessKeyID))
        #expect(
            Array(key.rawRepresentation).lowercaseHex
                == "04c4d39191ae06f37a86b873d2f9951f7c37621d69e0eb834fb622c368f360c3")
        #expect(
            Array(key.publicKey.rawRepresentation).lowercaseHex
                == "18b7d04643359f6ec270dcbab8dce6d169d66ddc9778c75cfb08dfdb701637ab"
                + "fa36b35e4fe67e3112261d2e17a956ef85b06e44712d2850bcd3c2161e9993f2")
    }

    @Test(
        "SIG-50: the serving region must be in the region set",
        arguments: [
            ("*", true), ("us-east-1", true), ("us-*", true), ("eu-west-1,us-east-1", true), ("us-east-*1", true),
            ("eu-west-1", false), ("eu-*", false), ("us-east", false), ("us-east-11", false),
        ])
    func regionSet(_ set: String, _ isAccepted: Bool) throws {
        #expect(try Self.verifies(regionSet: set) == isAccepted)
    }

    @Test("SIG-52: a signature of something else is refused")
    func refusal() throws {
        #expect(try Self.verifies(regionSet: "*", tampering: true) == false)
    }

    private static func verifies(regionSet: String, tampering: Bool = false) throws -> Bool {
        let target = try #require(RequestTarget("/bucket/key?a=b"))
        var headers = HeaderFields()
        headers.append("host", "localhost")
        headers.append("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        headers.append("x-amz-date", "20260131T120000Z")
        headers.append("x-amz-region-set", regionSet)
        var request = SignedRequest(method: "GET", target: target, headers: headers)
        let names = ["host", "x-amz-content-sha256", "x-amz-date", "x-amz-region-set"]
        let canonical = try CanonicalRequest.make(
            request, signedHeaders: names, payload: "UNSIGNED-PAYLOAD", place: .header)
        let text = CanonicalRequest.stringToSign(
            canonical, amzDate: "20260131T120000Z", scope: "20260131/s3/aws4_request", isAsymmetric: true)
        let key = try #require(AsymmetricKey.privateKey(secret: self.secret, accessKeyID: self.accessKeyID))
        let signature = Array(try key.signature(for: text).derRepresentation).lowercaseHex
        if tampering { request.method = "DELETE" }
        request.headers.append(
            "authorization",
            "AWS4-ECDSA-P256-SHA256 Credential=\(self.accessKeyID)/20260131/s3/aws4_request, "
                + "SignedHeaders=\(names.joined(separator: ";")), Signature=\(signature)")
        let scheme = try AuthenticationScheme.detect(in: request, policy: AuthenticationPolicy())
        guard case .v4Header(let parsed) = scheme else { return false }
        do {
            let verified = try parsed.verify(
                request, secret: self.secret, expectedRegion: .usEast1, now: self.now, keys: SigningKeyCache())
            return verified.mechanism == .v4aHeader
        } catch {
            return false
        }
    }
}
