import TernCore
import TernS3Protocol
import Testing

/// Spec s3-api §12.1, TAG-7, RGN-8.
@Suite struct CreateBucketConfigurationXMLTests {
    private static func document(_ inside: String) -> [UInt8] {
        bytes("<CreateBucketConfiguration\(s3Namespace)>\(inside)</CreateBucketConfiguration>")
    }

    @Test("Body, constraint, tags")
    func decode() throws {
        #expect(try CreateBucketConfigurationXML(decoding: []) == CreateBucketConfigurationXML())
        #expect(try CreateBucketConfigurationXML(decoding: Self.document("")) == CreateBucketConfigurationXML())
        let both = try CreateBucketConfigurationXML(
            decoding: Self.document(
                "<LocationConstraint>EU</LocationConstraint><Tags><Tag><Key>k</Key><Value>v</Value></Tag></Tags>"
            )
        )
        #expect(both == CreateBucketConfigurationXML(locationConstraint: "EU", tags: [ObjectTag(key: "k", value: "v")]))
    }

    @Test(
        "Directory buckets, system tags, garbage",
        arguments: [
            ("<Bucket><Type>Directory</Type></Bucket>", S3Error.directoryBucketsNotSupported),
            ("<Location/>", .directoryBucketsNotSupported),
            ("<Tags><Tag><Key>aws:k</Key><Value/></Tag></Tags>", .systemTagAtBucketCreation),
            ("<Tags><Tag><Key>k</Key></Tag></Tags>", .malformedXML),
        ]
    )
    func refused(_ inside: String, _ error: S3Error) {
        #expect(s3Error { _ = try CreateBucketConfigurationXML(decoding: Self.document(inside)) } == error)
    }

    struct Row: Sendable {
        let endpoint: String
        let constraint: String?
        let region: String?
        let error: S3Error?
    }

    @Test(
        "§12.1: which region makes the bucket",
        arguments: [
            Row(endpoint: "us-east-1", constraint: nil, region: "us-east-1", error: nil),
            Row(
                endpoint: "us-east-1",
                constraint: "us-east-1",
                region: nil,
                error: .invalidLocationConstraint("us-east-1")
            ),
            Row(endpoint: "us-east-1", constraint: "mars-1", region: nil, error: .invalidLocationConstraint("mars-1")),
            Row(
                endpoint: "us-east-1",
                constraint: "Not a region",
                region: nil,
                error: .invalidLocationConstraint("Not a region")
            ),
            Row(endpoint: "us-east-1", constraint: "eu-west-1", region: "eu-west-1", error: nil),
            Row(endpoint: "us-east-1", constraint: "EU", region: "eu-west-1", error: nil),
            Row(endpoint: "eu-west-1", constraint: "eu-west-1", region: "eu-west-1", error: nil),
            Row(endpoint: "eu-west-1", constraint: "EU", region: "eu-west-1", error: nil),
            Row(endpoint: "eu-west-1", constraint: nil, region: nil, error: .illegalLocationConstraint(nil)),
            Row(
                endpoint: "eu-west-1",
                constraint: "us-east-1",
                region: nil,
                error: .illegalLocationConstraint("us-east-1")
            ),
            Row(endpoint: "tern-1", constraint: "tern-1", region: "tern-1", error: nil),
            Row(
                endpoint: "tern-1",
                constraint: "eu-west-1",
                region: nil,
                error: .illegalLocationConstraint("eu-west-1")
            ),
        ]
    )
    func regions(_ row: Row) {
        let all = Set(["us-east-1", "eu-west-1", "tern-1"].map { RegionName(trusted: $0) })
        let configuration = CreateBucketConfigurationXML(locationConstraint: row.constraint)
        var region: RegionName?
        let error = s3Error {
            region = try configuration.region(endpoint: RegionName(trusted: row.endpoint), regions: all)
        }
        #expect(region?.description == row.region)
        #expect(error == row.error)
    }

    @Test("RGN-8: GetBucketLocation")
    func location() {
        let root = "\(xmlDeclaration)<LocationConstraint\(s3Namespace)>"
        #expect(
            text(CreateBucketConfigurationXML.encodeLocation(region: .usEast1, constraint: nil))
                == "\(root)</LocationConstraint>"
        )
        let west = RegionName(trusted: "eu-west-1")
        #expect(
            text(CreateBucketConfigurationXML.encodeLocation(region: west, constraint: nil))
                == "\(root)eu-west-1</LocationConstraint>"
        )
        #expect(
            text(CreateBucketConfigurationXML.encodeLocation(region: west, constraint: "EU"))
                == "\(root)EU</LocationConstraint>"
        )
    }
}
