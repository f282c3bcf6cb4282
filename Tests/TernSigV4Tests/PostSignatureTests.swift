import TernCore
import TernSigV4
import Testing

/// Spec rule SIG-72.
@Suite struct PostSignatureTests {
    private static let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    private static let credential = "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"

    /// Source: Amazon S3 API Reference, "Example: Browser-based upload using HTTP POST (using AWS signature version 4)".
    private static let policy =
        "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6"
        + "ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFj"
        + "bCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tl"
        + "dC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5"
        + "cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZl"
        + "ci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoN"
        + "CiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVx"
        + "dWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAx"
        + "NTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9"
    private static let signature = "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"

    private static func parse(
        algorithm: String = "AWS4-HMAC-SHA256", credential: String = credential, date: String = "20151229T000000Z",
        signature: String = signature
    ) throws(SigningError) -> PostSignature {
        try PostSignature.version4(algorithm: algorithm, credential: credential, date: date, signature: signature)
    }

    @Test("SIG-72: the example of the API Reference")
    func example() throws {
        let signature = try Self.parse()
        #expect(signature.accessKeyID == "AKIAIOSFODNN7EXAMPLE")
        #expect(throws: Never.self) { try signature.validate(expectedRegion: .usEast1) }
        #expect(throws: Never.self) { try signature.verify(policy: Self.policy, secret: Self.secret) }
    }

    @Test("SIG-72: another policy, secret or signature does not match")
    func mismatches() throws {
        let signature = try Self.parse()
        for (policy, secret) in [(Self.policy + "=", Self.secret), (Self.policy, Self.secret + "x")] {
            #expect {
                try signature.verify(policy: policy, secret: secret)
            } throws: {
                let error = $0 as? SigningError
                return error?.code == "SignatureDoesNotMatch"
                    && error?.details.contains { $0.name == "CanonicalRequest" } == false
            }
        }
        #expect(throws: SigningError.self) {
            try PostSignature.v2(accessKeyID: "A", signature: "wrong").verify(policy: "cA==", secret: "s")
        }
    }

    @Test("SIG-72: version 2 is HMAC-SHA1 of the policy")
    func version2() {
        // printf cA== | openssl dgst -sha1 -hmac s -binary | base64
        let signature = PostSignature.v2(accessKeyID: "A", signature: "/TzdMam0WW9Hccz2IpMK+PEpBI0=")
        #expect(signature.versionName == "SigV2")
        #expect(throws: Never.self) { try signature.verify(policy: "cA==", secret: "s") }
    }

    @Test("RGN-4, SIG-21: region, date and algorithm")
    func faults() throws {
        #expect {
            try Self.parse().validate(expectedRegion: RegionName(trusted: "eu-west-1"))
        } throws: {
            ($0 as? SigningError)?.details.first?.value == "eu-west-1"
        }
        #expect(throws: SigningError.self) { try Self.parse(date: "20151230T000000Z") }
        #expect(throws: SigningError.self) { try Self.parse(date: "yesterday") }
        #expect(throws: SigningError.self) { try Self.parse(algorithm: "AWS4-HMAC-SHA1") }
        #expect(throws: SigningError.self) { try Self.parse(credential: "A/b") }
    }
}
