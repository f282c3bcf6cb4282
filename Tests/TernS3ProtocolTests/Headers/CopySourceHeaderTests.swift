import TernCore
import TernS3Protocol
import Testing

/// Spec rule CPY-1.
@Suite struct CopySourceHeaderTests {
    struct Row: Sendable {
        let value: String
        let key: String
        var versionID: String?
    }

    @Test(
        "CPY-1: bucket and key, in every client's spelling",
        arguments: [
            Row(value: "bkt/k", key: "k"),
            Row(value: "/bkt/k", key: "k"),
            Row(value: "/bkt//k", key: "/k"),
            Row(value: "bkt/a/b%20c", key: "a/b c"),
            Row(value: "bkt%2Fa%2Fb", key: "a/b"),
            Row(value: "bkt/a+b", key: "a b"),
            Row(value: "bkt/a%2Bb", key: "a+b"),
            Row(value: "bkt/a%3FversionId=x", key: "a?versionId=x"),
            Row(value: "bkt/a?b", key: "a?b"),
            Row(value: "bkt/k?versionId=null", key: "k", versionID: "null"),
            Row(value: "bkt/k?versionId=a%2Eb", key: "k", versionID: "a.b"),
            Row(value: "bkt/k?versionId=1?versionId=2", key: "k?versionId=1", versionID: "2"),
            Row(value: "bkt/%C3%A4", key: "ä"),
        ]
    )
    func decode(_ row: Row) throws {
        let source = try CopySourceHeader(decoding: row.value)
        #expect(source.bucket.description == "bkt")
        #expect(source.key.description == row.key)
        #expect(source.versionID == row.versionID)
    }

    @Test(
        "CPY-1: what is refused",
        arguments: [
            ("bkt", .copySourceKeyInvalid),
            ("bkt/", .copySourceKeyInvalid),
            ("", .copySourceKeyInvalid),
            ("/", .copySourceKeyInvalid),
            ("B/k", .copySourceBucketInvalid),
            ("/b/k", .copySourceBucketInvalid),
            ("bkt/%", .copySourceEncodingInvalid),
            ("bkt/%zz", .copySourceEncodingInvalid),
            ("bkt/%FF", .copySourceEncodingInvalid),
            ("bkt/k?versionId=%", .copySourceEncodingInvalid),
            ("bkt/k?versionId=", .emptyVersionID),
            ("bkt/" + String(repeating: "k", count: 1025), .keyTooLong(byteCount: 1025)),
        ] as [(String, S3Error)]
    )
    func refused(_ value: String, _ error: S3Error) {
        #expect(s3Error { _ = try CopySourceHeader(decoding: value) } == error)
    }
}
