import TernCore
import TernS3Protocol
import Testing

/// Spec s3-api §12.4.
@Suite struct CORSConfigurationTests {
    private static func document(_ rules: String) -> [UInt8] {
        bytes("<CORSConfiguration\(s3Namespace)>\(rules)</CORSConfiguration>")
    }

    private static func rule(_ inside: String) -> String { "<CORSRule>\(inside)</CORSRule>" }

    @Test("§12.4: elements come back in the order of the schema, unknown ones are dropped")
    func normalForm() throws {
        let stored = try CORSConfiguration.normalized(
            Self.document(
                Self.rule(
                    "<MaxAgeSeconds> 5 </MaxAgeSeconds>\n<AllowedOrigin>*</AllowedOrigin><Other/>"
                        + "<AllowedMethod>GET</AllowedMethod>")))
        #expect(
            text(stored)
                == "\(xmlDeclaration)<CORSConfiguration\(s3Namespace)><CORSRule><AllowedMethod>GET</AllowedMethod>"
                + "<AllowedOrigin>*</AllowedOrigin><MaxAgeSeconds>5</MaxAgeSeconds></CORSRule></CORSConfiguration>")
    }

    @Test(
        "§12.4: what is refused",
        arguments: [
            ("", .malformedXML),
            (rule("<AllowedMethod>GET</AllowedMethod>"), .malformedXML),
            (rule("<AllowedOrigin>*</AllowedOrigin>"), .malformedXML),
            (
                rule(
                    "<AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin><MaxAgeSeconds>x</MaxAgeSeconds>"
                ),
                .malformedXML
            ),
            (rule("<AllowedMethod>get</AllowedMethod><AllowedOrigin>*</AllowedOrigin>"), .unsupportedCORSMethod("get")),
            (
                rule("<AllowedMethod>GET</AllowedMethod><AllowedOrigin>a*b*</AllowedOrigin>"),
                .severalWildcards(in: "a*b*", of: "AllowedOrigin")
            ),
            (
                String(
                    repeating: rule("<AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin>"), count: 101),
                .malformedXML
            ),
        ] as [(String, S3Error)])
    func refused(_ rules: String, _ error: S3Error) {
        #expect(s3Error { _ = try CORSConfiguration.normalized(Self.document(rules)) } == error)
    }

    private static let configuration = document(
        rule(
            "<AllowedMethod>PUT</AllowedMethod><AllowedOrigin>http://*.a.test</AllowedOrigin>"
                + "<AllowedHeader>X-Amz-*</AllowedHeader>")
            + rule(
                "<AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin>"))

    @Test(
        "§12.4: the first rule whose origin, method and headers fit decides",
        arguments: [
            ("http://www.a.test", "PUT", ["x-amz-date"], "http://www.a.test"),
            ("http://www.a.test", "PUT", [], "http://www.a.test"),
            // The origin of the first rule, but a method of the second only.
            ("http://www.a.test", "GET", [], "*"),
            ("http://www.a.test", "GET", ["x-amz-date"], nil),
            ("http://b.test", "PUT", [], "*"),
            ("http://b.test", "DELETE", [], nil),
            ("http://.a.test", "PUT", ["x-amz-"], "http://.a.test"),
            ("HTTP://www.a.test", "PUT", [], "*"),
            ("http://www.a.test", "PUT", ["x-amz-date", "range"], nil),
        ] as [(String, String, [String], String?)])
    func evaluation(_ origin: String, _ method: String, _ requested: [String], _ allowed: String?) throws {
        let cors = try CORSConfiguration(stored: CORSConfiguration.normalized(Self.configuration))
        let fields = cors.answer(to: .init(origin: origin, method: method, requestedHeaders: requested))
        #expect(fields?.first { $0.name == "access-control-allow-origin" }?.value == allowed)
        if let fields {
            #expect(fields.contains { $0.name == "access-control-allow-credentials" } == (allowed != "*"))
            #expect(fields.contains { $0.name == "vary" })
        }
    }
}
