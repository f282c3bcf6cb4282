import TernCore
import TernS3Protocol
import Testing

/// Spec rules ADR-1 to ADR-8.
@Suite struct AddressResolverTests {
    static let resolver = AddressResolver(
        baseDomains: ["tern.example", "s3.internal", "localhost"],
        isRegion: { ["us-east-1", "tern-1"].contains($0) }
    )

    struct Row: Sendable, CustomTestStringConvertible {
        let host: String?
        let path: String
        let address: AddressResolver.Address

        init(_ host: String?, _ path: String, _ address: AddressResolver.Address) {
            self.host = host
            self.path = path
            self.address = address
        }

        var testDescription: String { "\(self.host ?? "-") \(self.path)" }
    }

    static func object(_ bucket: String, _ key: String) -> AddressResolver.Address {
        .object(bucket: bucket, key: ObjectKey(trusted: bytes(key)))
    }

    static func accessPoint(_ alias: String, _ key: String) -> AddressResolver.Address {
        .accessPoint(alias: alias, key: ObjectKey(trusted: bytes(key)))
    }

    @Test(
        "What host and path mean",
        arguments: [
            // ADR-1
            Row("127.0.0.1:5600", "/", .service),
            Row("127.0.0.1:5600", "/b", .bucket("b")),
            Row("127.0.0.1:5600", "/b/", .bucket("b")),
            Row("127.0.0.1", "/b/k", object("b", "k")),
            Row("[::1]:9000", "/b/k", object("b", "k")),
            Row("[::1]", "/b/k", object("b", "k")),
            Row(nil, "/b/k", object("b", "k")),
            Row("localhost:9000", "/b/k", object("b", "k")),
            Row("unknown.host", "/b/k", object("b", "k")),
            Row("s3.tern.example", "/b/k", object("b", "k")),
            // ADR-2
            Row("bkt.localhost:9000", "/k", object("bkt", "k")),
            Row("bkt.tern.example", "/", .bucket("bkt")),
            Row("BKT.S3.Tern.Example:80", "/K", object("bkt", "K")),
            Row("my.dotted.bkt.s3.tern.example.", "/k", object("my.dotted.bkt", "k")),
            Row("bkt.s3.internal", "/a/b", object("bkt", "a/b")),
            Row("foo.s3.s3.internal", "/k", object("foo.s3", "k")),
            // ADR-3
            Row("s3.us-east-1.tern.example", "/b", .bucket("b")),
            Row("s3-tern-1.tern.example", "/b", .bucket("b")),
            Row("s3.dualstack.us-east-1.tern.example", "/", .service),
            Row("s3-accelerate.tern.example", "/b", .bucket("b")),
            Row("bkt.s3.us-east-1.tern.example", "/k", object("bkt", "k")),
            Row("bkt.s3-us-east-1.tern.example", "/k", object("bkt", "k")),
            Row("bkt.s3.dualstack.tern-1.tern.example", "/k", object("bkt", "k")),
            Row("bkt.s3-accelerate.tern.example", "/k", object("bkt", "k")),
            Row("s3-logs.tern.example", "/k", object("s3-logs", "k")),
            Row("bkt.s3-website-us-east-1.tern.example", "/k", .other(.website(bucket: "bkt"))),
            Row("bkt.s3-website.us-east-1.tern.example", "/k", .other(.website(bucket: "bkt"))),
            Row("ap-111111111111.s3-accesspoint.us-east-1.tern.example", "/k", .other(.accessPoint("ap-111111111111"))),
            // MRP-10, MRP-11
            Row("m1.mrap.accesspoint.s3-global.tern.example", "/k", accessPoint("m1.mrap", "k")),
            Row("m1.mrap.accesspoint.s3-global.localhost:9000", "/k", accessPoint("m1.mrap", "k")),
            Row("M1.mrap.accesspoint.s3-global.amazonaws.com:443", "/a//b", accessPoint("m1.mrap", "a//b")),
            Row("m1.mrap.accesspoint.s3-global.amazonaws.com", "/", .accessPoint(alias: "m1.mrap", key: nil)),
            // Only the name of an endpoint is configured here.
            Row("m1.mrap.accesspoint.s3-global.internal", "/k", accessPoint("m1.mrap", "k")),
            Row("m1.mrap.accesspoint.s3-global.unknown.example", "/b/k", object("b", "k")),
            Row("mrap.accesspoint.s3-global.amazonaws.com", "/b/k", object("b", "k")),
            // In path style an alias looks like a bucket.
            Row("s3.tern.example", "/m1.mrap/k", object("m1.mrap", "k")),
            Row(
                "111111111111.s3-control.us-east-1.tern.example",
                "/v20180820/jobs",
                .other(.control(account: "111111111111"))
            ),
            // ADR-6
            Row("h", "/b/a//b", object("b", "a//b")),
            Row("h", "/b//a", object("b", "/a")),
            Row("h", "/b/./x", object("b", "./x")),
            Row("h", "/b/../x", object("b", "../x")),
            Row("h", "/b/x/", object("b", "x/")),
            Row("h", "/b/a%2Fb", object("b", "a/b")),
            Row("h", "/b/a+b", object("b", "a+b")),
            Row("h", "/b/file%252Fname", object("b", "file%2Fname")),
            Row("h", "/b/test%25percent", object("b", "test%percent")),
            Row("h", "/b/test%20key//", object("b", "test key//")),
            Row("h", "/b/a/%F0%9F%98%80/", object("b", "a/😀/")),
            Row("bkt.localhost", "//k", object("bkt", "/k")),
        ]
    )
    func address(_ row: Row) throws {
        #expect(try Self.resolver.resolve(host: row.host, rawPath: row.path) == row.address)
    }

    @Test(
        "ADR-7, §14: what is no address",
        arguments: [
            ("/b/%", .invalidURI("/b/%")),
            ("/b/%zz", .invalidURI("/b/%zz")),
            ("/b/%FF", .invalidURI("/b/%FF")),
            ("/b/%00", .invalidURI("/b/%00")),
            ("/%FF/k", .invalidURI("/%FF/k")),
            ("", .invalidURI("")),
            ("*", .invalidURI("*")),
            ("/b/" + String(repeating: "k", count: 1025), .keyTooLong(byteCount: 1025)),
        ] as [(String, S3Error)]
    )
    func refused(_ path: String, _ error: S3Error) {
        #expect(s3Error { _ = try Self.resolver.resolve(host: "h", rawPath: path) } == error)
    }

    @Test("ADR-6: the longest key")
    func longestKey() throws {
        let key = String(repeating: "k", count: 1024)
        #expect(try Self.resolver.resolve(host: "h", rawPath: "/b/\(key)") == Self.object("b", key))
    }
}
