import TernCore
import TernS3Protocol
import Testing

/// Spec rules MPU-10 to MPU-12.
@Suite struct CompleteMultipartUploadXMLTests {
    private static func document(_ inside: String) -> [UInt8] {
        bytes("<CompleteMultipartUpload\(s3Namespace)>\(inside)</CompleteMultipartUpload>")
    }

    private static func part(_ number: String, _ etag: String = "e", _ more: String = "") -> String {
        "<Part><PartNumber>\(number)</PartNumber><ETag>\(etag)</ETag>\(more)</Part>"
    }

    @Test("MPU-10: ETags in any quotes, checksums, gaps")
    func decode() throws {
        let inside =
            Self.part("1", "a") + Self.part("3", "\"b\"")
            + Self.part("10000", "&#34;c&#34;", "<ChecksumCRC32>AAAAAA==</ChecksumCRC32>")
        let request = try CompleteMultipartUploadXML(decoding: Self.document(inside), uploadID: "u")
        #expect(
            request.parts == [
                .init(number: 1, etag: "a"), .init(number: 3, etag: "b"),
                .init(number: 10000, etag: "c", checksums: [.crc32: "AAAAAA=="]),
            ]
        )
    }

    @Test(
        "MPU-11, MPU-12: what is refused",
        arguments: [
            ("", .noParts),
            (part("2") + part("1"), .invalidPartOrder(uploadID: "u")),
            (part("1") + part("1"), .invalidPartOrder(uploadID: "u")),
            (part("x"), .malformedXML),
            ("<Part><ETag>e</ETag></Part>", .malformedXML),
            ("<Part><PartNumber>1</PartNumber></Part>", .malformedXML),
        ] as [(String, S3Error)]
    )
    func refused(_ inside: String, _ error: S3Error) {
        #expect(s3Error { _ = try CompleteMultipartUploadXML(decoding: Self.document(inside), uploadID: "u") } == error)
    }

    @Test("MPU-11: no XML at all", arguments: ["", "garbage", "<Part/>"])
    func noXML(_ body: String) {
        #expect(s3Error { _ = try CompleteMultipartUploadXML(decoding: bytes(body), uploadID: "u") } == .malformedXML)
    }

    @Test("10,000 parts are allowed, 10,001 are not")
    func counts() throws {
        let all = (1...10_000).map { Self.part(String($0)) }.joined()
        #expect(try CompleteMultipartUploadXML(decoding: Self.document(all), uploadID: "u").parts.count == 10_000)
        #expect(
            s3Error {
                _ = try CompleteMultipartUploadXML(decoding: Self.document(all + Self.part("10001")), uploadID: "u")
            } == .malformedXML
        )
    }
}
