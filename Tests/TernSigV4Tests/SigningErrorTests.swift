import TernCore
import TernSigV4
import Testing

/// One fault, and the answer that §2.8 and the rules it names ask for.
struct Fault: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var code: String
    var status: Int
    var message: String
    var details: [SigningError.Detail]

    init(_ name: String, _ status: Int, _ code: String, _ message: String, _ details: [SigningError.Detail] = []) {
        self.testDescription = name
        self.status = status
        self.code = code
        self.message = message
        self.details = details
    }

    func check(_ error: SigningError?) {
        #expect(error?.code == self.code)
        #expect(error?.status == self.status)
        #expect(error?.message == self.message)
        #expect(error?.details == self.details)
    }
}

private func detail(_ name: String, _ value: String) -> SigningError.Detail { SigningError.Detail(name, value) }

@Suite("Authentication errors of the header form (spec §2.8)")
struct HeaderErrorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var fault: Fault
        var change: @Sendable (inout SignedRequest) -> Void
        var testDescription: String { self.fault.testDescription }

        init(_ fault: Fault, _ change: @escaping @Sendable (inout SignedRequest) -> Void) {
            self.fault = fault
            self.change = change
        }
    }

    private static func setting(_ name: String, _ value: String) -> @Sendable (inout SignedRequest) -> Void {
        { $0.headers.set(name, value) }
    }

    private static func authorization(
        credential: String = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
    ) -> @Sendable (inout SignedRequest) -> Void {
        self.setting(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
                + "Signature=00"
        )
    }

    private static let prefix = "The authorization header is malformed; "
    private static func malformed(_ name: String, _ text: String, _ details: [SigningError.Detail] = []) -> Fault {
        Fault(name, 400, "AuthorizationHeaderMalformed", self.prefix + text, details)
    }

    static let rows: [Row] = [
        Row(
            Fault(
                "no space", 400, "InvalidArgument",
                "Authorization header is invalid -- one and only one ' ' (space) required.",
                [detail("ArgumentName", "Authorization"), detail("ArgumentValue", "nonsense")]),
            setting("authorization", "nonsense")),
        Row(
            Fault(
                "unknown scheme", 400, "InvalidArgument", "Unsupported Authorization Type",
                [detail("ArgumentName", "Authorization"), detail("ArgumentValue", "Bearer x")]),
            setting("authorization", "Bearer x")),
        Row(
            Fault(
                "SigV2 header not accepted", 400, "InvalidRequest",
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."),
            setting("authorization", "AWS AKIAIOSFODNN7EXAMPLE:c2ln")),
        Row(
            malformed(
                "fewer than three components",
                "the authorization header requires three components: Credential, SignedHeaders, and Signature."),
            setting("authorization", "AWS4-HMAC-SHA256 Credential=a, Signature=b")),
        Row(
            malformed("no Credential", "missing Credential."),
            setting("authorization", "AWS4-HMAC-SHA256 X=1, SignedHeaders=host, Signature=b")),
        Row(
            malformed("no SignedHeaders", "missing SignedHeaders."),
            setting("authorization", "AWS4-HMAC-SHA256 Credential=a, X=1, Signature=b")),
        Row(
            malformed("no Signature", "missing Signature."),
            setting("authorization", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, X=1")),
        Row(
            malformed("garbled component", #"the authorization component "SignedHeaders" is malformed."#),
            setting("authorization", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders, Signature=b")),
        Row(
            malformed(
                "credential shape",
                #"the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"."#),
            authorization(credential: "AKID/20130524/us-east-1/s3")),
        Row(
            malformed(
                "credential without key",
                #"the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"."#),
            authorization(credential: "/20130524/us-east-1/s3/aws4_request")),
        Row(
            malformed(
                "scope date format",
                #"incorrect date format "2013-05-24". This date in the credential must be in the format "yyyyMMdd"."#),
            authorization(credential: "AKID/2013-05-24/us-east-1/s3/aws4_request")),
        Row(
            malformed(
                "SIG-21: scope date of another day", "Invalid credential date. Date is not the same as X-Amz-Date."),
            authorization(credential: "AKID/20130525/us-east-1/s3/aws4_request")),
        Row(
            malformed("scope service", #"incorrect service "ec2". This endpoint belongs to "s3"."#),
            authorization(credential: "AKID/20130524/us-east-1/ec2/aws4_request")),
        Row(
            malformed("scope terminal", #"incorrect terminal "aws_request". This endpoint uses "aws4_request"."#),
            authorization(credential: "AKID/20130524/us-east-1/s3/aws_request")),
        Row(
            malformed(
                "RGN-4: scope region", "the region 'aws-global' is wrong; expecting 'us-east-1'",
                [detail("Region", "us-east-1")]),
            authorization(credential: "AKID/20130524/aws-global/s3/aws4_request")),
        Row(
            Fault("no date", 403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"),
            { $0.headers.remove("x-amz-date") }),
        Row(
            Fault("bad date", 403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"),
            setting("x-amz-date", "20130524T250000Z")),
        Row(
            Fault(
                "SIG-7: unsigned header", 403, "AccessDenied",
                "There were headers present in the request which were not signed",
                [detail("HeadersNotSigned", "x-amz-acl, x-amz-meta-a")]),
            {
                $0.headers.append("x-amz-meta-a", "1")
                $0.headers.append("x-amz-meta-a", "2")
                $0.headers.append("x-amz-acl", "private")
            }),
        Row(
            Fault(
                "SIG-7: unsigned host", 403, "AccessDenied",
                "There were headers present in the request which were not signed",
                [detail("HeadersNotSigned", "host")]),
            setting(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKID/20130524/us-east-1/s3/aws4_request,"
                    + "SignedHeaders=x-amz-content-sha256;x-amz-date,Signature=00")),
        Row(
            Fault(
                "SIG-9: no payload hash", 400, "InvalidRequest",
                "Missing required header for this request: x-amz-content-sha256"),
            { $0.headers.remove("x-amz-content-sha256") }),
        Row(
            Fault(
                "SIG-9: payload hash not allowed", 400, "InvalidArgument",
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                    + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
                    + "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER "
                    + "or a valid sha256 value.",
                [detail("ArgumentName", "x-amz-content-sha256"), detail("ArgumentValue", "abc")]),
            setting("x-amz-content-sha256", "abc")),
        Row(
            Fault(
                "SIG-37: two mechanisms", 400, "InvalidArgument",
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
                    + "parameter or the Authorization header should be specified",
                [detail("ArgumentName", "Authorization"), detail("ArgumentValue", "AWS4-HMAC-SHA256 x")]),
            {
                $0 = Example.request(
                    "GET", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", ["host": "h", "authorization": "AWS4-HMAC-SHA256 x"])
            }),
        Row(
            Fault(
                "ADR-7: broken escape in the path", 400, "InvalidURI", "Couldn't parse the specified URI.",
                [detail("URI", "/a%2")]),
            { $0.target = Example.request("GET", "/a%2").target }),
    ]

    @Test("Each fault has its answer", arguments: Self.rows)
    func fault(_ row: Row) throws {
        var request = Example.request()
        try Example.signer.sign(&request, payload: .unsigned, at: Example.date)
        row.change(&request)
        row.fault.check(#expect(throws: SigningError.self) { try Example.verify(request) })
    }

    @Test("A wrong signature is answered with all that was computed")
    func wrongSignature() throws {
        var request = Example.request("GET", "/a", ["host": "h"])
        try Example.signer.sign(&request, payload: .unsigned, at: Example.date)
        let signature = try #require(Example.signature(request))
        let error = #expect(throws: SigningError.self) { try Example.verify(request, secret: "another") }
        #expect(error?.code == "SignatureDoesNotMatch")
        #expect(error?.status == 403)
        #expect(
            error?.message == "The request signature we calculated does not match the signature you provided. "
                + "Check your key and signing method.")
        #expect(
            error?.details.map(\.name) == [
                "AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes", "CanonicalRequest",
                "CanonicalRequestBytes",
            ])
        let values = error?.details.map(\.value) ?? []
        #expect(values[0] == "AKIAIOSFODNN7EXAMPLE")
        #expect(values[1].hasPrefix("AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"))
        #expect(values[2] == signature)
        #expect(values[3].hasPrefix("41 57 53 34 2d 48 4d"))
        #expect(
            values[4] == "GET\n/a\n\nhost:h\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:20130524T000000Z\n\n"
                + "host;x-amz-content-sha256;x-amz-date\nUNSIGNED-PAYLOAD")
        #expect(values[5].hasPrefix("47 45 54 0a 2f 61"))
    }

    @Test(
        "SIG-20: a clock may be off by 15 minutes",
        arguments: [(-900, true), (900, true), (-901, false), (901, false), (0, true)])
    func skew(seconds: Int, isAccepted: Bool) throws {
        var request = Example.request()
        try Example.signer.sign(&request, payload: .unsigned, at: Example.date)
        let now = Example.date + .seconds(seconds)
        if isAccepted {
            #expect(try Example.verify(request, now: now) != nil)
        } else {
            Fault(
                "", 403, "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
                [
                    detail("RequestTime", "20130524T000000Z"), detail("ServerTime", now.iso8601),
                    detail("MaxAllowedSkewMilliseconds", "900000"),
                ]
            ).check(#expect(throws: SigningError.self) { try Example.verify(request, now: now) })
        }
    }

    @Test("RGN-6: region US is us-east-1, and only that")
    func regionUS() throws {
        let signer = RequestSigner(accessKeyID: Example.accessKeyID, secret: Example.secret, region: "US")
        var request = Example.request()
        try signer.sign(&request, payload: .unsigned, at: Example.date)
        #expect(try Example.verify(request) != nil)
        let error = #expect(throws: SigningError.self) {
            try Example.verify(request, region: RegionName(trusted: "eu-west-1"))
        }
        #expect(
            error?.message == "The authorization header is malformed; the region 'US' is wrong; expecting 'eu-west-1'")
        #expect(error?.details == [detail("Region", "eu-west-1")])
    }

    @Test("SIG-62: neither header nor query authentication is anonymous")
    func anonymous() throws {
        #expect(try Example.verify(Example.request("GET", "/b/k?Expires=1&x-id=GetObject")) == nil)
        #expect(AuthenticationScheme.service(of: Example.request()) == nil)
    }

    @Test("The rows whose cause others find")
    func others() {
        Fault(
            "", 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.",
            [detail("AWSAccessKeyId", "X")]
        ).check(.invalidAccessKeyID("X"))
        Fault(
            "", 400, "InvalidToken", "The provided token is malformed or otherwise invalid.", [detail("Token-0", "t")]
        ).check(.invalidToken("t"))
        Fault("", 400, "ExpiredToken", "The provided token has expired.", [detail("Token-0", "t")])
            .check(.expiredToken("t"))
        Fault("", 403, "AllAccessDisabled", "All access to this object has been disabled").check(.allAccessDisabled)
        Fault("", 411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
            .check(.missingContentLength)
        Fault("", 400, "InvalidRequest", "The value of x-amz-content-sha256 header is invalid.").check(
            .streamingNotAllowed)
        Fault(
            "", 400, "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
            [detail("ClientComputedContentSHA256", "01"), detail("S3ComputedContentSHA256", "ff")]
        ).check(.contentSHA256Mismatch(client: [1], computed: [255]))
    }

    @Test("Headers of more than 8 KiB are refused")
    func headerSection() throws {
        var request = Example.request("GET", "/", ["host": "h"])
        // "host" and "h" make 9 bytes on the wire, "x" with its value 5 and the value.
        request.headers.append("x", String(repeating: "v", count: 8192 - 9 - 5))
        try request.checkHeaderSectionSize()
        request.headers.append("y", "")
        Fault(
            "", 400, "RequestHeaderSectionTooLarge", "Your request header section exceeds the maximum allowed size.",
            [detail("MaxSizeAllowed", "8192")]
        ).check(#expect(throws: SigningError.self) { try request.checkHeaderSectionSize() })
    }

    @Test("Signing keys are remembered, in a bounded number, and never for another secret")
    func cache() throws {
        let cache = SigningKeyCache(capacity: 3)
        for day in 0..<5 {
            var request = Example.request()
            let date = Example.date + .seconds(86400 * day)
            try Example.signer.sign(&request, payload: .unsigned, at: date)
            for _ in 0..<2 { #expect(try Example.verify(request, now: date, keys: cache) != nil) }
            #expect(throws: SigningError.self) {
                try Example.verify(request, now: date, secret: "another", keys: cache)
            }
            #expect(cache.count <= 3)
        }
    }
}

@Suite("Authentication errors of presigned URLs (spec §2.4)")
struct QueryErrorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var fault: Fault
        var changes: [String: String?]
        var testDescription: String { self.fault.testDescription }

        init(_ name: String, _ changes: [String: String?], _ message: String, _ details: [SigningError.Detail] = []) {
            self.fault = Fault(name, 400, "AuthorizationQueryParametersError", message, details)
            self.changes = changes
        }
    }

    private static let missing =
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
        + "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
    private static let shape =
        #"Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; "#
        + #"expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"."#

    static let rows: [Row] = [
        Row("SIG-30: no algorithm", ["X-Amz-Algorithm": nil], missing),
        Row("SIG-30: no credential", ["X-Amz-Credential": nil], missing),
        Row("SIG-30: no signature", ["X-Amz-Signature": nil], missing),
        Row("SIG-30: no date", ["X-Amz-Date": nil], missing),
        Row("SIG-30: no signed headers", ["X-Amz-SignedHeaders": nil], missing),
        Row("SIG-30: no expiry", ["X-Amz-Expires": nil], missing),
        Row(
            "SIG-36: algorithm", ["X-Amz-Algorithm": "AWS4-HMAC-SHA1"],
            #"X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256""#),
        Row(
            "SIG-35: encoded twice", ["X-Amz-Credential": "AKID%252F20130524%252Fus-east-1%252Fs3%252Faws4_request"],
            shape),
        Row(
            "SIG-36: service", ["X-Amz-Credential": "AKID/20130524/us-east-1/sns/aws4_request"],
            #"Error parsing the X-Amz-Credential parameter; incorrect service "sns". This endpoint belongs to "s3"."#),
        Row(
            "SIG-36: terminal", ["X-Amz-Credential": "AKID/20130524/us-east-1/s3/aws5_request"],
            #"Error parsing the X-Amz-Credential parameter; incorrect terminal "aws5_request". "#
                + #"This endpoint uses "aws4_request"."#),
        Row(
            "SIG-36: scope date", ["X-Amz-Credential": "AKID/2013053x/us-east-1/s3/aws4_request"],
            #"Error parsing the X-Amz-Credential parameter; incorrect date format "2013053x". "#
                + #"This date in the credential must be in the format "yyyyMMdd"."#),
        Row(
            "SIG-21: scope date of another day", ["X-Amz-Credential": "AKID/20130525/us-east-1/s3/aws4_request"],
            "Error parsing the X-Amz-Credential parameter; Invalid credential date. Date is not the same as X-Amz-Date."
        ),
        Row(
            "RGN-4: region", ["X-Amz-Credential": "AKID/20130524/eu-west-1/s3/aws4_request"],
            "Error parsing the X-Amz-Credential parameter; the region 'eu-west-1' is wrong; expecting 'us-east-1'",
            [detail("Region", "us-east-1")]),
        Row(
            "SIG-36: date", ["X-Amz-Date": "2013-05-24"],
            #"X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'""#),
        Row("SIG-36: expiry not a number", ["X-Amz-Expires": "1h"], "X-Amz-Expires should be a number"),
        Row("SIG-36: expiry negative", ["X-Amz-Expires": "-1"], "X-Amz-Expires must be non-negative"),
        Row(
            "SIG-36: expiry of more than a week", ["X-Amz-Expires": "604801"],
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
                + "604800 seconds"),
    ]

    @Test("Each fault has its answer", arguments: Self.rows)
    func fault(_ row: Row) throws {
        let target = try Example.signer.presign(Example.request(), at: Example.date, expiresInSeconds: 3600)
        let request = Example.request("GET", changing(target, row.changes))
        row.fault.check(#expect(throws: SigningError.self) { try Example.verify(request) })
    }

    @Test("SIG-34: an unsigned parameter, path or method breaks the signature")
    func tampering() throws {
        let target = try Example.signer.presign(
            Example.request("GET", "/a?x=1"), at: Example.date, expiresInSeconds: 60)
        #expect(try Example.verify(Example.request("GET", target)) != nil)
        for request in [
            Example.request("GET", target + "&versionId=2"), Example.request("PUT", target),
            Example.request("GET", changing(target, ["x": "2"])), Example.request("GET", "/b" + target.dropFirst(2)),
            Example.request("GET", changing(target, ["X-Amz-Expires": "61"])),
        ] {
            let error = #expect(throws: SigningError.self) { try Example.verify(request) }
            #expect(error?.code == "SignatureDoesNotMatch")
        }
    }

    @Test("SIG-22: a URL is valid from 15 minutes before its date to its expiry")
    func expiry() throws {
        let target = try Example.signer.presign(Example.request(), at: Example.date, expiresInSeconds: 60)
        let request = Example.request("GET", target)
        for seconds in [-900, 0, 59] {
            #expect(try Example.verify(request, now: Example.date + .seconds(seconds)) != nil)
        }
        Fault(
            "", 403, "AccessDenied", "Request has expired",
            [
                detail("X-Amz-Expires", "60"), detail("Expires", "2013-05-24T00:01:00.000Z"),
                detail("ServerTime", "2013-05-24T00:01:00.000Z"),
            ]
        ).check(#expect(throws: SigningError.self) { try Example.verify(request, now: Example.date + .seconds(60)) })
        Fault(
            "", 403, "AccessDenied", "Request is not valid yet",
            [detail("X-Amz-Date", "20130524T000000Z"), detail("ServerTime", "2013-05-23T23:44:59.000Z")]
        ).check(#expect(throws: SigningError.self) { try Example.verify(request, now: Example.date + .seconds(-901)) })
    }

    @Test("SIG-32: x-amz parameters act as headers, a checksum only if it is signed as one")
    func hoisted() throws {
        let path =
            "/k?x-amz-acl=private&X-Amz-Meta-Foo=b%20c&x-amz-checksum-crc32=AAAAAA%3D%3D"
            + "&x-amz-sdk-checksum-algorithm=CRC32&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&response-expires=x"
        let target = try Example.signer.presign(Example.request("PUT", path), at: Example.date, expiresInSeconds: 60)
        let verified = try #require(try Example.verify(Example.request("PUT", target)))
        #expect(
            verified.hoistedHeaders == [
                HeaderFields.Field(name: "x-amz-acl", value: "private"),
                HeaderFields.Field(name: "x-amz-meta-foo", value: "b c"),
            ])
    }

    @Test("SIG-32: a parameter in X-Amz-SignedHeaders stands for the header that is not there")
    func hoistedAndSigned() throws {
        // The signer signs it as a header and the client sends it as a parameter only.
        var request = Example.request("PUT", "/k?x-amz-checksum-crc32=AAAAAA%3D%3D")
        request.headers.append("x-amz-checksum-crc32", "AAAAAA==")
        let target = try Example.signer.presign(request, at: Example.date, expiresInSeconds: 60)
        let verified = try #require(try Example.verify(Example.request("PUT", target)))
        #expect(verified.hoistedHeaders == [HeaderFields.Field(name: "x-amz-checksum-crc32", value: "AAAAAA==")])
    }

    @Test("SIG-33: a parameter and a header of one name must agree")
    func conflict() throws {
        for (value, isAccepted) in [("private", true), ("public-read", false)] {
            var request = Example.request("PUT", "/k?x-amz-acl=private")
            request.headers.append("x-amz-acl", value)
            let target = try Example.signer.presign(request, at: Example.date, expiresInSeconds: 60)
            request.target = try #require(RequestTarget(target))
            if isAccepted {
                #expect(try Example.verify(request)?.hoistedHeaders == [])
            } else {
                let error = #expect(throws: SigningError.self) { try Example.verify(request) }
                #expect(error?.code == "SignatureDoesNotMatch")
            }
        }
    }

    @Test("SIG-7: a presigned URL does not cover further x-amz headers")
    func unsignedHeader() throws {
        let target = try Example.signer.presign(Example.request("PUT"), at: Example.date, expiresInSeconds: 60)
        var request = Example.request("PUT", target)
        request.headers.append("x-amz-expires", "60")
        let error = #expect(throws: SigningError.self) { try Example.verify(request) }
        #expect(error?.message == "There were headers present in the request which were not signed")
        #expect(error?.details == [detail("HeadersNotSigned", "x-amz-expires")])
    }

    @Test("SIG-31: the payload is unsigned unless a digest is signed as header or parameter")
    func payload() throws {
        let digest = [UInt8](repeating: 0xAB, count: 32)
        var request = Example.request("PUT", "/k")
        request.headers.append("x-amz-content-sha256", digest.lowercaseHex)
        var target = try Example.signer.presign(request, at: Example.date, expiresInSeconds: 60)
        request.target = try #require(RequestTarget(target))
        #expect(try Example.verify(request)?.payload == .sha256(digest))
        request.headers.remove("x-amz-content-sha256")
        let error = #expect(throws: SigningError.self) { try Example.verify(request) }
        #expect(error?.status == 403, "signed, but not sent")

        target = try Example.signer.presign(
            Example.request("PUT", "/k?X-Amz-Content-Sha256=UNSIGNED-PAYLOAD"), at: Example.date, expiresInSeconds: 60)
        #expect(try Example.verify(Example.request("PUT", target))?.payload == .unsigned)
    }

    @Test("SIG-30: parameter names are case-insensitive")
    func lowerCaseNames() throws {
        let target = try Example.signer.presign(Example.request(), at: Example.date, expiresInSeconds: 60)
        let scheme = try AuthenticationScheme.detect(
            in: Example.request("GET", target.replacing("X-Amz-", with: "x-amz-")), policy: AuthenticationPolicy())
        guard case .v4Query(let parsed) = scheme else {
            Issue.record("not found")
            return
        }
        #expect(parsed.expiresInSeconds == 60)
    }
}

@Suite("Signature version 2 (spec §2.7)")
struct VersionTwoTests {
    private static let expiry = Example.date + .seconds(60)

    @Test("SIG-60: what the presigner signs verifies, with sub-resources and hoisted headers, by path and by host")
    func presigned() throws {
        for bucket in [nil, "bucket"] {
            for target in [
                "/b/k", "/b", "/", "/b/k%20+?versionId=1%2F2&response-content-type=a%20b&other=1", "/?acl&x=1",
            ] {
                var request = Example.request("GET", target)
                request.virtualHostBucket = bucket
                request.target = try #require(
                    RequestTarget(try Example.signer.presignV2(request, expiry: Self.expiry)))
                #expect(try Example.verify(request)?.mechanism == .v2Query)
                request.method = "PUT"
                let error = #expect(throws: SigningError.self) { try Example.verify(request) }
                #expect(error?.code == "SignatureDoesNotMatch")
                #expect(
                    error?.details.map(\.name) == [
                        "AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes",
                    ])
            }
        }
    }

    @Test("SIG-60: AWS's published example of query string authentication")
    func published() throws {
        // Source: Amazon S3 User Guide, "Signing and authenticating REST requests", "Query string authentication".
        let request = SignedRequest(
            method: "GET", target: try #require(RequestTarget("/photos/puppy.jpg")),
            headers: HeaderFields([
                HeaderFields.Field(name: "host", value: "awsexamplebucket1.us-west-1.s3.amazonaws.com")
            ]),
            virtualHostBucket: "awsexamplebucket1")
        let target = try Example.signer.presignV2(request, expiry: Timestamp(seconds: 1_175_139_620))
        var signed = request
        signed.target = try #require(RequestTarget(target))
        let error = #expect(throws: SigningError.self) {
            try Example.verify(signed, now: Timestamp(seconds: 1_175_139_000), secret: "another")
        }
        #expect(
            error?.details.first { $0.name == "StringToSign" }?.value
                == "GET\n\n\n1175139620\n/awsexamplebucket1/photos/puppy.jpg")
    }

    @Test("SIG-60: a header that the presigner did not sign breaks the signature, one moved into the query counts")
    func headers() throws {
        var request = Example.request("PUT", "/b/k?x-amz-acl=private&content-type=text%2Fplain")
        request.target = try #require(RequestTarget(try Example.signer.presignV2(request, expiry: Self.expiry)))
        let verified = try #require(try Example.verify(request))
        #expect(verified.hoistedHeaders == [HeaderFields.Field(name: "x-amz-acl", value: "private")])
        for (name, value) in [("content-type", "text/html"), ("x-amz-meta-a", "1"), ("x-amz-acl", "public-read")] {
            var changed = request
            changed.headers.append(name, value)
            #expect(throws: SigningError.self) { try Example.verify(changed) }
        }
        request.headers.append("content-type", "text/plain")
        #expect(try Example.verify(request) != nil)
    }

    @Test("SIG-61: all three parameters are needed", arguments: ["AWSAccessKeyId", "Expires", "Signature"])
    func missing(name: String) throws {
        let target = try Example.signer.presignV2(Example.request(), expiry: Self.expiry)
        let request = Example.request("GET", changing(target, [name: nil]))
        Fault(
            "", 403, "AccessDenied",
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
        ).check(#expect(throws: SigningError.self) { try Example.verify(request) })
    }

    @Test("SIG-22: expired, without X-Amz-Expires")
    func expired() throws {
        let request = Example.request("GET", try Example.signer.presignV2(Example.request(), expiry: Self.expiry))
        Fault(
            "", 403, "AccessDenied", "Request has expired",
            [detail("Expires", "2013-05-24T00:01:00.000Z"), detail("ServerTime", "2013-05-24T00:02:00.000Z")]
        ).check(#expect(throws: SigningError.self) { try Example.verify(request, now: Example.date + .seconds(120)) })
    }

    @Test("SIG-37 and the switch: both query versions at once, and version 2 switched off")
    func mechanisms() throws {
        let target = try Example.signer.presignV2(Example.request(), expiry: Self.expiry)
        var error = #expect(throws: SigningError.self) {
            try Example.verify(Example.request("GET", target + "&X-Amz-Algorithm=AWS4-HMAC-SHA256"))
        }
        #expect(error?.code == "InvalidArgument")
        error = #expect(throws: SigningError.self) {
            try Example.verify(Example.request("GET", target), policy: AuthenticationPolicy(acceptsV2Query: false))
        }
        #expect(error?.code == "InvalidRequest")
    }

    @Test("The header form, where it is accepted: AWS's published examples")
    func header() throws {
        // Source: Amazon S3 User Guide, "Signing and authenticating REST requests", "Object GET" and "Object PUT".
        let policy = AuthenticationPolicy(acceptsV2Header: true)
        let now = Timestamp(seconds: 1_175_024_260)  // 2007-03-27T19:37:40Z
        var request = Example.request(
            "GET", "/photos/puppy.jpg",
            ["host": "awsexamplebucket1.us-west-1.s3.amazonaws.com", "date": "Tue, 27 Mar 2007 19:36:42 +0000"])
        request.virtualHostBucket = "awsexamplebucket1"
        request.headers.append("authorization", "AWS AKIAIOSFODNN7EXAMPLE:qgk2+6Sv9/oM7G3qLEjTH1a1l1g=")
        #expect(try Example.verify(request, now: now, policy: policy)?.mechanism == .v2Header)
        request.headers.set("authorization", "AWS AKIAIOSFODNN7EXAMPLE:qgk2+6Sv9/oM7G3qLEjTH1a1l1h=")
        #expect(throws: SigningError.self) { try Example.verify(request, now: now, policy: policy) }

        request = Example.request(
            "PUT", "/photos/puppy.jpg",
            [
                "host": "s3.us-west-1.amazonaws.com", "date": "Tue, 27 Mar 2007 21:15:45 +0000",
                "content-type": "image/jpeg", "content-length": "94328",
                "authorization": "AWS AKIAIOSFODNN7EXAMPLE:iqRzw+ileNPu1fhspnRs8nOjjIA=",
            ])
        request.virtualHostBucket = "awsexamplebucket1"
        #expect(try Example.verify(request, now: now + .seconds(5900), policy: policy) != nil)
        let error = #expect(throws: SigningError.self) {
            try Example.verify(request, now: now + .seconds(9000), policy: policy)
        }
        #expect(error?.code == "RequestTimeTooSkewed")
    }
}
