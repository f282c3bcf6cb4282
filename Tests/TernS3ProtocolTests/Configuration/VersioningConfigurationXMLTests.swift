import TernS3Protocol
import Testing

/// Spec s3-api §3.2b, VER-1, VER-4.
@Suite struct VersioningConfigurationXMLTests {
    private static func document(_ inside: String) -> [UInt8] {
        bytes("<VersioningConfiguration\(s3Namespace)>\(inside)</VersioningConfiguration>")
    }

    @Test("Status, with or without MfaDelete")
    func decode() throws {
        #expect(
            try VersioningConfigurationXML(decoding: Self.document("<Status>Enabled</Status>"))
                == VersioningConfigurationXML(status: .enabled)
        )
        #expect(
            try VersioningConfigurationXML(
                decoding: Self.document("<MfaDelete>Disabled</MfaDelete><Status>Suspended</Status>")
            )
                == VersioningConfigurationXML(status: .suspended, mfaDelete: false)
        )
    }

    @Test(
        "What is refused",
        arguments: [
            ("", S3Error.versioningStatusMissing),
            ("<Status>enabled</Status>", .malformedXML),
            ("<Status>Disabled</Status>", .malformedXML),
            ("<Status></Status>", .malformedXML),
            ("<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>", .mfaNotImplemented),
            ("<Status>Enabled</Status><MfaDelete>on</MfaDelete>", .malformedXML),
        ]
    )
    func refused(_ inside: String, _ error: S3Error) {
        #expect(s3Error { _ = try VersioningConfigurationXML(decoding: Self.document(inside)) } == error)
    }

    @Test("VER-1: never set is an empty document")
    func encode() {
        let root = "<VersioningConfiguration\(s3Namespace)>"
        #expect(
            text(VersioningConfigurationXML(status: nil).encode())
                == "\(xmlDeclaration)\(root)</VersioningConfiguration>"
        )
        #expect(
            text(VersioningConfigurationXML(status: .suspended, mfaDelete: false).encode())
                == "\(xmlDeclaration)\(root)<Status>Suspended</Status><MfaDelete>Disabled</MfaDelete></VersioningConfiguration>"
        )
    }
}
