import TernCore
import TernSigV4
import Testing

/// Source: Amazon S3 API Reference, "Signature calculations for the Authorization header" and "Authenticating requests:
/// using query parameters".
@Suite("Signatures of AWS's published examples")
struct SignatureVectorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var method: String
        var target: String
        var headers: [(String, String)]
        var payload: PayloadMode
        var signature: String
    }

    static let rows = [
        Row(
            testDescription: "GET object", method: "GET", target: "/test.txt",
            headers: [("host", "examplebucket.s3.amazonaws.com"), ("range", "bytes=0-9")],
            payload: .sha256([UInt8](hex: Example.emptySHA256.utf8) ?? []),
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        Row(
            testDescription: "PUT object", method: "PUT", target: "/test$file.text",
            headers: [
                ("host", "examplebucket.s3.amazonaws.com"), ("date", "Fri, 24 May 2013 00:00:00 GMT"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ],
            payload: .sha256(
                [UInt8](hex: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072".utf8) ?? []),
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        Row(
            testDescription: "GET bucket lifecycle", method: "GET", target: "/?lifecycle",
            headers: [("host", "examplebucket.s3.amazonaws.com")],
            payload: .sha256([UInt8](hex: Example.emptySHA256.utf8) ?? []),
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        Row(
            testDescription: "List objects", method: "GET", target: "/?max-keys=2&prefix=J",
            headers: [("host", "examplebucket.s3.amazonaws.com")],
            payload: .sha256([UInt8](hex: Example.emptySHA256.utf8) ?? []),
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        Row(
            testDescription: "SIG-44 payload", method: "PUT", target: "/examplebucket/chunkObject.txt",
            headers: [
                ("host", "s3.amazonaws.com"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ("content-encoding", "aws-chunked"), ("x-amz-decoded-content-length", "66560"),
                ("content-length", "66824"),
            ],
            payload: .streamingSigned(trailer: false),
            signature: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
        Row(
            testDescription: "SIG-44 trailer", method: "PUT", target: "/examplebucket/chunkObject.txt",
            headers: [
                ("host", "s3.amazonaws.com"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ("content-encoding", "aws-chunked"), ("x-amz-decoded-content-length", "66560"),
                ("x-amz-trailer", "x-amz-checksum-crc32c"),
            ],
            payload: .streamingSigned(trailer: true),
            signature: "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"),
    ]

    @Test("SIG-2 to SIG-8: the signer makes the published signature, and it verifies", arguments: Self.rows)
    func header(_ row: Row) throws {
        var request = Example.request(row.method, row.target, [:])
        for (name, value) in row.headers { request.headers.append(name, value) }
        try Example.signer.sign(&request, payload: row.payload, at: Example.date)
        #expect(Example.signature(request) == row.signature)
        let verified = try #require(try Example.verify(request))
        #expect(verified.payload == row.payload)
        #expect(verified.mechanism == .v4Header)
        #expect(verified.signing?.seedSignature == Array(row.signature.utf8))
    }

    @Test("SIG-30: the published presigned URL")
    func presigned() throws {
        let target = try Example.signer.presign(Example.request(), at: Example.date, expiresInSeconds: 86400)
        #expect(
            target
                == "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524"
                + "%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
                + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
        let verified = try #require(try Example.verify(Example.request("GET", target)))
        #expect(verified.mechanism == .v4Query)
        #expect(verified.payload == .unsigned)
        #expect(verified.hoistedHeaders.isEmpty)
    }

    @Test("Requests between regions: another service, an unsigned payload, a session token")
    func anotherService() throws {
        let signer = RequestSigner(
            accessKeyID: Example.accessKeyID, secret: Example.secret, sessionToken: "token/+=", region: "tern-1",
            service: "tern")
        var request = Example.request("POST", "/_tern/v1/deliver?lane=2", ["host": "region-b:9000"])
        try signer.sign(&request, payload: .unsigned, at: Example.date)
        #expect(AuthenticationScheme.service(of: request) == "tern")
        let verified = try #require(
            try Example.verify(
                request, region: RegionName(trusted: "tern-1"), policy: AuthenticationPolicy(service: "tern")))
        #expect(verified.payload == .unsigned)
        let scheme = try AuthenticationScheme.detect(in: request, policy: AuthenticationPolicy(service: "tern"))
        #expect(scheme.securityToken == "token/+=")
    }

    @Test("SIG-3: an empty path is a slash, and nothing in a path is normalised")
    func paths() throws {
        for target in ["", "/", "/b//k/../x/./", "/b/%41%2f+~*", "/b/ü"] {
            var request = Example.request("GET", target)
            try Example.signer.sign(&request, payload: .unsigned, at: Example.date)
            #expect(try Example.verify(request) != nil)
            request.target = try #require(RequestTarget(target == "" ? "/x" : target + "x"))
            #expect(throws: SigningError.self) { try Example.verify(request) }
        }
        var first = Example.request("GET", "/b/%41%2f%7E%2B")
        var second = Example.request("GET", "/b/A/~+")
        try Example.signer.sign(&first, payload: .unsigned, at: Example.date)
        try Example.signer.sign(&second, payload: .unsigned, at: Example.date)
        #expect(Example.signature(first) == Example.signature(second))
    }

    @Test("SIG-5: values are trimmed and folded, repeated headers joined, signed names put in order")
    func headers() throws {
        var plain = Example.request("GET", "/", ["host": "h", "x-amz-meta-a": "one two,three"])
        try Example.signer.sign(&plain, payload: .unsigned, at: Example.date)
        var request = Example.request(
            "GET", "/", ["host": " h ", "x-amz-meta-a": " one \t  two ", "x-amz-meta-a": "three"])
        for name in ["x-amz-date", "x-amz-content-sha256"] { request.headers.set(name, plain.headers[name] ?? "") }
        let authorization = try #require(plain.headers["authorization"])
        let names = try #require(authorization.split(separator: "SignedHeaders=")[1].split(separator: ",").first)
        let disordered = names.split(separator: ";").reversed().joined(separator: ";").uppercased()
        request.headers.set("authorization", authorization.replacing(names, with: disordered))
        #expect(try Example.verify(request) != nil)
        request.headers.set("authorization", authorization.replacing(", ", with: ","))
        #expect(try Example.verify(request) != nil, "SIG-1: commas without a space")
    }

    @Test("SIG-8: a Date header serves where x-amz-date is absent")
    func dateHeader() throws {
        // AWS's example with `Date` and `x-amz-date` both there; without the second the first must be in the scope.
        var request = Example.request(
            "GET", "/",
            ["host": "h", "date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-content-sha256": "UNSIGNED-PAYLOAD"])
        request.headers.append(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                + "SignedHeaders=date;host;x-amz-content-sha256, Signature=\(String(repeating: "0", count: 64))")
        let error = #expect(throws: SigningError.self) { try Example.verify(request) }
        let lines = error?.details.first { $0.name == "StringToSign" }?.value.split(separator: "\n")
        #expect(lines?.dropFirst().first == "20130524T000000Z")
    }
}
