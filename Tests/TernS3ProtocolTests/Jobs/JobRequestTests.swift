import TernBatch
import TernCore
import TernS3Protocol
import Testing

@Suite("CreateJob")
struct JobRequestTests {
    private static let operation = "<Operation><S3ReplicateObject/></Operation>"
    private static let report = """
        <Report><Bucket>arn:aws:s3:::ops-reports</Bucket><Format>Report_CSV_20180820</Format><Enabled>true</Enabled>\
        <Prefix>backfill</Prefix><ReportScope>AllTasks</ReportScope></Report>
        """
    private static let manifest = """
        <Manifest><Spec><Format>S3BatchOperations_CSV_20180820</Format>\
        <Fields><member>Bucket</member><x>Key</x><member>VersionId</member></Fields></Spec>\
        <Location><ObjectArn>arn:aws:s3:::ops/lists/monday.csv</ObjectArn><ETag>"69f5"</ETag></Location></Manifest>
        """
    private static let rest = """
        <ClientRequestToken>t</ClientRequestToken><Priority>10</Priority>\
        <RoleArn>arn:aws:iam::111122223333:role/batch</RoleArn>
        """

    private static func document(
        operation: String = Self.operation, report: String = Self.report, source: String = Self.manifest,
        rest: String = Self.rest
    ) -> [UInt8] {
        let namespace = "http://awss3control.amazonaws.com/doc/2018-08-20/"
        return Array(
            "<CreateJobRequest xmlns=\"\(namespace)\">\(operation)\(report)\(source)\(rest)</CreateJobRequest>".utf8)
    }

    private static func message(_ body: [UInt8]) -> String? {
        do throws(S3Error) {
            _ = try JobRequest(decoding: body)
            return nil
        } catch {
            #expect(error.code == "BadRequestException" && error.status == 400)
            return error.message
        }
    }

    @Test("BR-API-6, BR-CJ-1: a request, with list members of any name, that is confirmed unless it says otherwise")
    func decoding() throws {
        let job = try JobRequest(decoding: Self.document())
        #expect(job.operation == .replicateObject)
        #expect(job.confirmationRequired)
        #expect(job.priority == 10)
        guard case .manifest(let manifest) = job.source else {
            Issue.record("no manifest")
            return
        }
        #expect(manifest.etag == "69f5")
        #expect(manifest.bucket.description == "ops")
        #expect(manifest.key.description == "lists/monday.csv")
        #expect(manifest.schema?.version == 2)
        let unattended = try JobRequest(
            decoding: Self.document(rest: Self.rest + "<ConfirmationRequired>false</ConfirmationRequired>"))
        #expect(!unattended.confirmationRequired)
    }

    @Test("BR-CJ-5: requests are compared by what they mean, not by their order")
    func equality() throws {
        let one = try JobRequest(decoding: Self.document())
        #expect(try JobRequest(decoding: Self.document(source: "", rest: Self.rest + Self.manifest)) == one)
        #expect(
            try JobRequest(decoding: Self.document(rest: Self.rest.replacing(">10<", with: ">11<"))) != one)
    }

    @Test("BR-CJ-5: parameters are compared with those that nothing follows from, in any order and under any name")
    func equalParameters() throws {
        func isEqual(_ left: String, _ right: String) throws -> Bool {
            try JobEcho.isEqual(
                XMLParser.parse(Self.document(report: left)), XMLParser.parse(Self.document(report: right)))
        }
        let one = "<Report><Enabled>false</Enabled><Prefix>x</Prefix></Report>"
        #expect(try isEqual(one, "<Report><Prefix>x</Prefix><Enabled>false</Enabled></Report>"))
        #expect(try !isEqual(one, "<Report><Enabled>false</Enabled></Report>"))
        #expect(try !isEqual(one, one.replacing(">x<", with: ">y<")))
        #expect(try !isEqual(one, one.replacing(">x<", with: ">x 1 x<")))
        let named = Self.manifest.replacing("<x>Key</x>", with: "<member>Key</member>")
        #expect(
            try JobEcho.isEqual(
                XMLParser.parse(Self.document()), XMLParser.parse(Self.document(source: named))))
        #expect(
            try !JobEcho.isEqual(
                XMLParser.parse(Self.document()), XMLParser.parse(Self.document(source: ""))))
    }

    @Test("A generator with every filter")
    func generator() throws {
        let source = """
            <ManifestGenerator><S3JobManifestGenerator><ExpectedBucketOwner>111122223333</ExpectedBucketOwner>\
            <SourceBucket>arn:aws:s3:::photos</SourceBucket><ManifestOutputLocation>\
            <Bucket>arn:aws:s3:::ops</Bucket><ManifestPrefix>gen</ManifestPrefix>\
            <ManifestEncryption><SSE-KMS><KeyId>k</KeyId></SSE-KMS></ManifestEncryption>\
            <ManifestFormat>S3InventoryReport_CSV_20211130</ManifestFormat></ManifestOutputLocation><Filter>\
            <EligibleForReplication>true</EligibleForReplication><CreatedBefore>2026-01-01T00:00:00Z</CreatedBefore>\
            <ObjectReplicationStatuses><member>NONE</member><member>FAILED</member></ObjectReplicationStatuses>\
            <KeyNameConstraint><MatchAnyPrefix><member>2025/</member></MatchAnyPrefix></KeyNameConstraint>\
            <ObjectSizeGreaterThanBytes>5</ObjectSizeGreaterThanBytes>\
            <MatchAnyStorageClass><member>STANDARD</member></MatchAnyStorageClass>\
            <MatchAnyObjectEncryption><ObjectEncryption><SSE-S3/></ObjectEncryption></MatchAnyObjectEncryption>\
            </Filter><EnableManifestOutput>true</EnableManifestOutput></S3JobManifestGenerator></ManifestGenerator>
            """
        let body = Self.document(source: source)
        guard case .generator(let generator) = try JobRequest(decoding: body).source else {
            Issue.record("no generator")
            return
        }
        #expect(generator.sourceBucket.description == "photos")
        #expect(generator.output?.encryption == .sseKMS(keyID: "k"))
        #expect(generator.filter.statuses == [.none, .failed])
        #expect(generator.filter.prefix == "2025/")
        #expect(generator.filter.sizeGreaterThan == 5)
        #expect(generator.filter.encryption == .sseS3)
        #expect(generator.filter.createdBefore == Timestamp(milliseconds: 1_767_225_600_000))
    }

    @Test(
        "BR-CJ-2: what is refused, and by which name",
        arguments: [
            ("<Operation/>", Self.report, Self.manifest, Self.rest, "Operation must name exactly one operation."),
            (
                "<Operation><S3ReplicateObject/><S3DeleteObjectTagging/></Operation>", Self.report, Self.manifest,
                Self.rest, "Operation must name exactly one operation."
            ),
            ("", Self.report, Self.manifest, Self.rest, "Operation is required."),
            (Self.operation, Self.report, "", Self.rest, "One of Manifest and ManifestGenerator is required."),
            (
                Self.operation, Self.report, Self.manifest + "<ManifestGenerator/>", Self.rest,
                "Manifest and ManifestGenerator cannot be given together."
            ),
            (
                Self.operation, "<Report><Enabled>true</Enabled></Report>", Self.manifest, Self.rest,
                "Report.Bucket is required."
            ),
            (Self.operation, "<Report/>", Self.manifest, Self.rest, "Report.Enabled is required."),
            (
                Self.operation, Self.report,
                Self.manifest.replacing("S3BatchOperations_CSV_20180820", with: "S3InventoryReport_CSV_20211130"),
                Self.rest,
                "Manifest.Spec.Format must be one of S3BatchOperations_CSV_20180820, S3InventoryReport_CSV_20161130."
            ),
            (
                Self.operation, Self.report, Self.manifest.replacing("<x>Key</x>", with: ""), Self.rest,
                "Required fields are missing in the schema: Key"
            ),
            (
                Self.operation, Self.report, Self.manifest, Self.rest.replacing(">10<", with: ">2147483648<"),
                "Priority must be a number from 0 to 2147483647."
            ),
            (
                Self.operation, Self.report, Self.manifest, Self.rest.replacing(":role/batch", with: ":user/batch"),
                "RoleArn must be the ARN of a role."
            ),
            (
                "<Operation><S3PutObjectCopy/></Operation>", Self.report, Self.manifest, Self.rest,
                "Operation.S3PutObjectCopy.TargetResource is required."
            ),
        ])
    func refusals(operation: String, report: String, source: String, rest: String, message: String) {
        #expect(
            Self.message(Self.document(operation: operation, report: report, source: source, rest: rest)) == message)
    }

    @Test("BR-DJ-1: parameters are given back as they were sent, with S3 Control's names in lists")
    func echo() throws {
        let body = Self.document()
        let document = try XMLParser.parse(body)
        let job = JobDescription(
            id: "8c0f9a52", arn: "arn:aws:s3:us-east-1:111122223333:job/8c0f9a52",
            state: JobState(priority: 12, needsConfirmation: true, created: Timestamp(milliseconds: 0)),
            request: try JobRequest(decoding: body), document: document, generatedManifest: nil)
        let text = String(decoding: JobXML.described(job, at: Timestamp(milliseconds: 0)), as: UTF8.self)
        #expect(text.contains("<Fields><member>Bucket</member><member>Key</member><member>VersionId</member></Fields>"))
        #expect(
            text.contains("<Operation><S3ReplicateObject></S3ReplicateObject></Operation>")
                || text.contains("<Operation><S3ReplicateObject/></Operation>"))
        #expect(text.contains("<Priority>12</Priority>"))
        #expect(text.contains("<FailureReasons/>"))
        #expect(!text.contains("ClientRequestToken"))
    }

    @Test("Times of jobs have their milliseconds (§1.1)")
    func times() throws {
        let body = Self.document()
        var state = JobState(
            priority: 12, needsConfirmation: true, created: Timestamp(milliseconds: 1_772_446_530_123))
        state.suspended = Timestamp(milliseconds: 1_772_446_531_045)
        state.terminated = Timestamp(milliseconds: 1_772_446_532_006)
        let job = JobDescription(
            id: "8c0f9a52", arn: "a", state: state, request: try JobRequest(decoding: body),
            document: try XMLParser.parse(body), generatedManifest: nil)
        let described = String(decoding: JobXML.described(job, at: state.created), as: UTF8.self)
        #expect(described.contains("<CreationTime>2026-03-02T10:15:30.123Z</CreationTime>"))
        #expect(described.contains("<SuspendedDate>2026-03-02T10:15:31.045Z</SuspendedDate>"))
        #expect(described.contains("<TerminationDate>2026-03-02T10:15:32.006Z</TerminationDate>"))
        let listed = String(decoding: JobXML.listed([job], nextToken: nil), as: UTF8.self)
        #expect(listed.contains("<CreationTime>2026-03-02T10:15:30.123Z</CreationTime>"))
        #expect(listed.contains("<TerminationDate>2026-03-02T10:15:32.006Z</TerminationDate>"))
    }

    private static func copy(_ members: String) throws -> JobCopy {
        let target = "<TargetResource>arn:aws:s3:::target</TargetResource>"
        let operation = "<Operation><S3PutObjectCopy>\(target)\(members)</S3PutObjectCopy></Operation>"
        guard case .copy(let copy) = try JobRequest(decoding: Self.document(operation: operation)).operation else {
            throw S3Error.badJobRequest("another operation")
        }
        return copy
    }

    @Test("§2.2: new metadata are assigned without a directive too, and encryption alone replaces none")
    func copiedMetadata() throws {
        let named = try Self.copy("<NewObjectMetadata><ContentType>text/plain</ContentType></NewObjectMetadata>")
        #expect(named.replacesMetadata && named.metadata.map(\.value) == ["text/plain"])
        let encrypted = try Self.copy("<NewObjectMetadata><SSEAlgorithm>AES256</SSEAlgorithm></NewObjectMetadata>")
        #expect(!encrypted.replacesMetadata && encrypted.encryption == "AES256")
        #expect(try Self.copy("<MetadataDirective>REPLACE</MetadataDirective>").replacesMetadata)
        #expect(try !Self.copy("").replacesMetadata)
        #expect(throws: S3Error.self) {
            try Self.copy(
                "<MetadataDirective>COPY</MetadataDirective>"
                    + "<NewObjectMetadata><ContentType>text/plain</ContentType></NewObjectMetadata>")
        }
    }

    @Test("§2.2: members of metadata that are deprecated are taken, and do nothing")
    func deprecatedMetadata() throws {
        let copy = try Self.copy(
            "<NewObjectMetadata><ContentLength>5</ContentLength><ContentMD5>x</ContentMD5>"
                + "<RequesterCharged>false</RequesterCharged></NewObjectMetadata>")
        #expect(copy.metadata.isEmpty && !copy.replacesMetadata)
    }

    @Test(
        "§2.2: every algorithm of S3ComputeObjectChecksum",
        arguments: [
            "CRC32", "CRC32C", "CRC64NVME", "MD5", "SHA1", "SHA256", "SHA512", "XXHASH64", "XXHASH3", "XXHASH128",
        ])
    func checksums(algorithm: String) throws {
        let operation = """
            <Operation><S3ComputeObjectChecksum><ChecksumAlgorithm>\(algorithm)</ChecksumAlgorithm>\
            </S3ComputeObjectChecksum></Operation>
            """
        let job = try JobRequest(decoding: Self.document(operation: operation))
        guard case .computeChecksum(let checksum) = job.operation else {
            Issue.record("another operation")
            return
        }
        #expect(checksum.algorithm == algorithm && !checksum.isComposite)
    }
}
