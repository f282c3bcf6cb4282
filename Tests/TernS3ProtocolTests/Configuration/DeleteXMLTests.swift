import TernS3Protocol
import Testing

/// Spec rule VER-16, §3.2c.
@Suite struct DeleteXMLTests {
    private static func document(_ inside: String) -> [UInt8] { bytes("<Delete\(s3Namespace)>\(inside)</Delete>") }

    @Test("Keys are literal; versions and conditions come along")
    func decode() throws {
        let request = try DeleteRequestXML(
            decoding: Self.document(
                """
                <Object><Key>a%20b&#x1; </Key></Object>
                <Object><Key>c</Key><VersionId>null</VersionId><ETag>"e"</ETag></Object>
                <Object><Key>d</Key><Size>1</Size></Object><Quiet>true</Quiet>
                """
            )
        )
        #expect(request.isQuiet)
        #expect(
            request.objects == [
                .init(key: bytes("a%20b\u{1} ")),
                .init(key: bytes("c"), versionID: "null", etag: "\"e\""),
                .init(key: bytes("d"), hasDirectoryBucketCondition: true),
            ]
        )
    }

    @Test(
        "0 keys, more than 1,000, and garbage are malformed",
        arguments: [
            "", "<Object/>", "<Object><Key/></Object>", "<Object><Key>a</Key></Object><Quiet>yes</Quiet>",
            String(repeating: "<Object><Key>a</Key></Object>", count: 1001),
        ]
    )
    func malformed(_ inside: String) {
        #expect(s3Error { _ = try DeleteRequestXML(decoding: Self.document(inside)) } == .malformedXML)
    }

    @Test("1,000 keys are allowed; not quiet by default")
    func thousand() throws {
        let request = try DeleteRequestXML(
            decoding: Self.document(String(repeating: "<Object><Key>a</Key></Object>", count: 1000))
        )
        #expect(request.objects.count == 1000)
        #expect(!request.isQuiet)
    }

    static let entries: [DeleteResultXML.Entry] = [
        .deleted(key: bytes("plain"), versionID: nil, deleteMarkerVersionID: nil),
        .deleted(key: bytes("made"), versionID: nil, deleteMarkerVersionID: "m"),
        .deleted(key: bytes("removed"), versionID: "m", deleteMarkerVersionID: "m"),
        .failed(.init(key: bytes("bad"), versionID: "x"), .accessDenied()),
    ]

    @Test("VER-16: the result")
    func encode() {
        let error =
            "<Error><Key>bad</Key><VersionId>x</VersionId><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        #expect(
            text(DeleteResultXML(entries: Self.entries, isQuiet: false).encode())
                == "\(xmlDeclaration)<DeleteResult\(s3Namespace)><Deleted><Key>plain</Key></Deleted>"
                + "<Deleted><Key>made</Key><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>m</DeleteMarkerVersionId></Deleted>"
                + "<Deleted><Key>removed</Key><VersionId>m</VersionId><DeleteMarker>true</DeleteMarker>"
                + "<DeleteMarkerVersionId>m</DeleteMarkerVersionId></Deleted>\(error)</DeleteResult>"
        )
        #expect(
            text(DeleteResultXML(entries: Self.entries, isQuiet: true).encode())
                == "\(xmlDeclaration)<DeleteResult\(s3Namespace)>\(error)</DeleteResult>"
        )
    }
}
