import TernCore
import TernS3Protocol
import Testing

/// Spec rules SIG-71, SIG-73 and SIG-74.
@Suite struct PostPolicyTests {
    private static func policy(_ conditions: String) throws -> PostPolicy {
        try PostPolicy(
            base64: Base64.encode(bytes(#"{"expiration": "2026-01-01T00:00:00.000Z", "conditions": [\#(conditions)]}"#))
        )
    }

    private static func form(_ fields: [(String, String)], file: String? = "f.txt") -> PostForm {
        var form = PostForm()
        for (name, value) in fields { form.append(name: name, value: bytes(value)) }
        form.setFileName(file)
        return form
    }

    private static let before = Timestamp(iso8601: "2025-12-31T23:59:59Z")
    private static let after = Timestamp(iso8601: "2026-01-01T00:00:00Z")

    @Test(
        "SIG-73: conditions",
        arguments: [
            (#"{"key": "k"}"#, [("Key", "k")], nil),
            (#"{"key": "k"}"#, [("key", "K")], #"Policy Condition failed: ["eq", "$key", "k"]"#),
            (#"["EQ", "$Key", "k"]"#, [("key", "k")], nil),
            (#"["starts-with", "$key", ""]"#, [("key", "anything")], nil),
            (
                #"["starts-with", "$key", "a/"]"#, [("key", "b")],
                #"Policy Condition failed: ["starts-with", "$key", "a/"]"#
            ),
            (#"["starts-with", "$key", "a/"]"#, [("key", "a/${filename}")], nil),
            (#"{"key": "a/f.txt"}"#, [("key", "a/${filename}")], nil),
            (#"{"bucket": "b"}, {"key": "k"}"#, [("key", "k")], nil),
            (#"{"bucket": "c"}, {"key": "k"}"#, [("key", "k")], #"Policy Condition failed: ["eq", "$bucket", "c"]"#),
            ("", [("key", "k")], "Extra input fields: key"),
            (#"{"key": "k"}"#, [("key", "k"), ("X-Amz-Meta-A", "b")], "Extra input fields: X-Amz-Meta-A"),
            (
                #"{"key": "k"}"#,
                [
                    ("key", "k"), ("x-ignore-a", "b"), ("policy", "p"), ("X-Amz-Signature", "s"),
                    ("AWSAccessKeyId", "a"),
                ],
                nil
            ),
            (
                #"{"key": "k"}, {"acl": "private"}"#, [("key", "k")],
                #"Policy Condition failed: ["eq", "$acl", "private"]"#
            ),
            (#"{"key": "k"}, {"success_action_status": 201}"#, [("key", "k"), ("success_action_status", "201")], nil),
            (
                #"{"key": "k"}, ["starts-with", "$Content-Type", "image/"]"#,
                [("key", "k"), ("content-type", "image/a, image/b")], nil
            ),
        ] as [(String, [(String, String)], String?)])
    func conditions(_ conditions: String, _ fields: [(String, String)], _ fault: String?) throws {
        let policy = try Self.policy(conditions)
        let now = try #require(Self.before)
        let error = s3Error { try policy.check(Self.form(fields), bucket: "b", now: now) }
        #expect(error == fault.map { .postPolicyViolated($0) })
    }

    @Test("SIG-73: a policy ends when it says")
    func expiry() throws {
        let now = try #require(Self.after)
        let policy = try Self.policy(#"{"key": "k"}"#)
        #expect(
            s3Error { try policy.check(Self.form([("key", "k")]), bucket: "b", now: now) }
                == .postPolicyViolated("Policy expired."))
    }

    @Test(
        "SIG-73: sizes",
        arguments: [
            (#"["content-length-range", 1, 5]"#, 0, .entityTooSmall(proposed: 0, minimum: 1)),
            (#"["content-length-range", 1, 5]"#, 1, nil),
            (#"["content-length-range", "1", "5"]"#, 5, nil),
            (#"["content-length-range", 1, 5]"#, 6, .entityTooLarge(proposed: 6, maximum: 5)),
            (
                #"["content-length-range", 1, 5], ["content-length-range", 3, 9]"#, 2,
                .entityTooSmall(proposed: 2, minimum: 3)
            ),
            ("", 1 << 40, nil),
        ] as [(String, Int64, S3Error?)])
    func sizes(_ conditions: String, _ byteCount: Int64, _ error: S3Error?) throws {
        let policy = try Self.policy(conditions)
        #expect(s3Error { try policy.checkSize(byteCount) } == error)
    }

    @Test(
        "SIG-73: what is no policy",
        arguments: [
            ("{", "Invalid JSON."),
            ("[]", "Invalid JSON."),
            (#"{"conditions": []}"#, "Policy missing expiration."),
            (#"{"expiration": "2026-01-01T00:00:00Z"}"#, "Policy missing conditions."),
            (#"{"expiration": "2026", "conditions": []}"#, "Invalid 'expiration' value: '2026'"),
            (
                #"{"expiration": "2026-01-01T00:00:00Z", "conditions": [{"a": "b", "c": "d"}]}"#,
                "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
            ),
            (
                #"{"expiration": "2026-01-01T00:00:00Z", "conditions": [["ne", "$a", "b"]]}"#,
                "Invalid Condition: unknown operation 'ne'."
            ),
        ])
    func noPolicies(_ document: String, _ fault: String) {
        #expect(
            s3Error { _ = try PostPolicy(base64: Base64.encode(bytes(document))) } == .invalidPostPolicy(fault))
        #expect(s3Error { _ = try PostPolicy(base64: "*") } == .invalidPostPolicy("invalid Base64 encoding."))
    }

    @Test(
        "SIG-74: redirects and statuses",
        arguments: [
            ([], .status(204)),
            ([("success_action_status", "200")], .status(200)),
            ([("success_action_status", "201")], .status(201)),
            ([("success_action_status", "404")], .status(204)),
            ([("redirect", "http://h/p")], .redirect("http://h/p?bucket=b&key=a%20b%2Fc&etag=%22e%22")),
            (
                [("success_action_redirect", "https://h/p?x=1#end"), ("success_action_status", "200")],
                .redirect("https://h/p?x=1&bucket=b&key=a%20b%2Fc&etag=%22e%22#end")
            ),
            ([("success_action_redirect", "/relative")], .status(204)),
            ([("success_action_redirect", "http://")], .status(204)),
            ([("success_action_redirect", "http://h/\r\nx: y")], .status(204)),
            ([("success_action_redirect", "javascript:alert(1)")], .status(204)),
        ] as [([(String, String)], PostResult)])
    func results(_ fields: [(String, String)], _ result: PostResult) throws {
        let key = try ObjectKey("a b/c")
        #expect(PostResult(Self.form(fields), bucket: "b", key: key, etag: "e") == result)
    }

    @Test("SIG-71: fields that become headers of the object, and what may not")
    func objectHeaders() {
        let form = Self.form(
            [
                ("key", "k"), ("acl", "private"), ("Content-Type", "a/${filename}"), ("X-Amz-Meta-A", "1"),
                ("X-Amz-Date", "d"), ("policy", "p"), ("Submit", "x"),
            ], file: #"C:\dir\f.txt"#)
        #expect(
            form.objectHeaders
                == headers(["x-amz-acl": "private", "content-type": "a/f.txt", "x-amz-meta-a": "1"]))
        #expect(
            s3Error { try Self.form([("Content-Type", "a\r\nb: c")]).checkObjectFields() }?.code == "InvalidArgument")
        #expect(s3Error { try Self.form([("x-amz-meta-a b", "c")]).checkObjectFields() } == .malformedPOSTRequest)
    }
}
