import TernCore
import TernS3Protocol
import Testing

/// Spec rules MET-1 to MET-5, RNG-7.
@Suite struct MetadataHeadersTests {
    private func user(_ fields: KeyValuePairs<String, String>) throws -> [String: String] {
        let entries = try UserMetadata.collect(headers(fields))
        return Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.value) })
    }

    @Test("MET-1, MET-2: user metadata, repeated headers joined")
    func collect() throws {
        #expect(
            try self.user([
                "x-amz-meta-b": "2", "content-type": "x", "x-amz-meta-a": "1", "x-amz-meta-b": "3", "x-amz-metax": "no",
            ])
                == ["a": "1", "b": "2,3"]
        )
    }

    @Test("MET-1: 2,048 bytes of names and values")
    func size() throws {
        _ = try UserMetadata.collect(headers(["x-amz-meta-name": String(repeating: "v", count: 2044)]))
        let error = s3Error {
            _ = try UserMetadata.collect(headers(["x-amz-meta-name": String(repeating: "v", count: 2045)]))
        }
        #expect(error == .metadataTooLarge(byteCount: 2049))
        #expect(error?.details == [.init("Size", "2049"), .init("MaxSizeAllowed", "2048")])
    }

    @Test(
        "MET-2: RFC 2047 on input",
        arguments: [
            ("plain", "plain"),
            ("=?UTF-8?B?w6TDtg==?=", "äö"),
            ("=?utf-8?q?=C3=A4_b?=", "ä b"),
            ("=?ISO-8859-1?Q?=E4?=", "ä"),
            ("a =?UTF-8?B?w6Q=?= b", "a ä b"),
            ("=?UTF-8?B?w6Q=?= =?UTF-8?B?w7Y=?=", "äö"),
            ("=?UTF-8?B?w6Q=?= - =?UTF-8?B?w7Y=?=", "ä - ö"),
            ("=?UTF-8?B?!!!?=", "=?UTF-8?B?!!!?="),
            ("=?UTF-8?B?/w==?=", "=?UTF-8?B?/w==?="),
            ("=?KOI8-R?B?w6Q=?=", "=?KOI8-R?B?w6Q=?="),
            ("=?UTF-8?B?w6Q=", "=?UTF-8?B?w6Q="),
            ("=?=?=?=?=?=?", "=?=?=?=?=?=?"),
            ("ä", "ä"),
        ]
    )
    func decode(_ given: String, _ expected: String) throws {
        #expect(try self.user(["x-amz-meta-k": given]) == ["k": expected])
    }

    @Test("MET-2: RFC 2047 on output, and what cannot be sent")
    func append() {
        var fields = HeaderFields()
        UserMetadata.append(
            [
                .init(name: "a", value: "plain"), .init(name: "b", value: "ä"), .init(name: "c", value: "x\u{1}"),
                .init(name: "d", value: "y\n"),
            ],
            to: &fields
        )
        #expect(
            fields == headers(["x-amz-meta-a": "plain", "x-amz-meta-b": "=?UTF-8?B?w6Q=?=", "x-amz-missing-meta": "2"])
        )
    }

    @Test(
        "MET-3, MET-5: system metadata as sent, without aws-chunked",
        arguments: [
            (headers([:]), headers(["content-type": "binary/octet-stream"])),
            (headers(["content-type": ""]), headers(["content-type": "binary/octet-stream"])),
            (
                headers([
                    "expires": "never", "cache-control": "no-cache", "content-type": "a/b", "x-amz-request-id": "x",
                ]),
                headers(["content-type": "a/b", "cache-control": "no-cache", "expires": "never"])
            ),
            (headers(["content-encoding": "aws-chunked"]), headers(["content-type": "binary/octet-stream"])),
            (
                headers(["content-encoding": "aws-chunked, gzip"]),
                headers(["content-type": "binary/octet-stream", "content-encoding": "gzip"])
            ),
            (
                headers(["content-encoding": "gzip , br"]),
                headers(["content-type": "binary/octet-stream", "content-encoding": "gzip , br"])
            ),
            (
                headers(["x-amz-website-redirect-location": "/x"]),
                headers(["content-type": "binary/octet-stream", "x-amz-website-redirect-location": "/x"])
            ),
        ]
    )
    func system(_ given: HeaderFields, _ expected: HeaderFields) throws {
        #expect(try SystemMetadata.collect(given) == expected.fields)
    }

    @Test(
        "MET-4: redirect locations",
        arguments: [
            ("", S3Error.emptyRedirectLocation), ("ftp://x", .redirectLocationPrefix), ("x", .redirectLocationPrefix),
            ("/" + String(repeating: "x", count: 2048), .redirectLocationTooLong),
        ]
    )
    func redirect(_ value: String, _ error: S3Error) {
        #expect(
            s3Error { _ = try SystemMetadata.collect(headers(["x-amz-website-redirect-location": value])) } == error
        )
    }

    @Test("RNG-7: response-* parameters")
    func overrides() throws {
        let target = try #require(
            RequestTarget("/b/k?response-content-type=a%2Fb&response-expires=&response-cache-control=no-store")
        )
        #expect(
            try ResponseOverrides.parse(target, isAnonymous: false)
                == headers(["content-type": "a/b", "cache-control": "no-store"]).fields
        )
        #expect(s3Error { _ = try ResponseOverrides.parse(target, isAnonymous: true) } == .responseHeadersForAnonymous)
        for value in ["%E2%82%AC", "a%0D%0Ab"] {
            let bad = try #require(RequestTarget("/?response-content-disposition=\(value)"))
            #expect(
                s3Error { _ = try ResponseOverrides.parse(bad, isAnonymous: false) }?["ArgumentName"]
                    == "response-content-disposition"
            )
        }
    }
}
