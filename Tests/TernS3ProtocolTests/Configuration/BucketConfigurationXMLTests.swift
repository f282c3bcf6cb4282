import TernCore
import TernS3Protocol
import Testing

/// Spec s3-api §10.4, §12.5 to §12.7, §13.1.
@Suite struct BucketConfigurationXMLTests {
    @Test("§10.4: what a GET shows of a rule without its optional parts")
    func encryptionDefaults() throws {
        let stored = try EncryptionConfigurationXML.normalized(
            bytes("<ServerSideEncryptionConfiguration><Rule/></ServerSideEncryptionConfiguration>"))
        #expect(stored == EncryptionConfigurationXML.unset)
    }

    @Test(
        "§12.6: the keys of log objects",
        arguments: [
            ("", "p/2026-01-31-12-34-56-00000000000000FF"),
            (
                "<TargetObjectKeyFormat><SimplePrefix/></TargetObjectKeyFormat>",
                "p/2026-01-31-12-34-56-00000000000000FF"
            ),
            (
                "<TargetObjectKeyFormat><PartitionedPrefix/></TargetObjectKeyFormat>",
                "p/111111111111/r/b/2026/01/31/2026-01-31-12-34-56-00000000000000FF"
            ),
            (
                "<TargetObjectKeyFormat><PartitionedPrefix><PartitionDateSource>EventTime</PartitionDateSource>"
                    + "</PartitionedPrefix></TargetObjectKeyFormat>",
                "p/111111111111/r/b/2026/01/30/2026-01-30-00-00-00-00000000000000FF"
            ),
        ] as [(String, String)])
    func logKeys(_ format: String, _ key: String) throws {
        let found = try LoggingConfiguration.normalized(
            bytes(
                "<BucketLoggingStatus><LoggingEnabled><TargetBucket>t</TargetBucket><TargetPrefix>p/</TargetPrefix>"
                    + "\(format)</LoggingEnabled></BucketLoggingStatus>"))
        let logging = try #require(found?.0)
        let delivered = try #require(Timestamp(iso8601: "2026-01-31T12:34:56Z"))
        let day = try #require(Timestamp(iso8601: "2026-01-30T00:00:00Z"))
        #expect(
            logging.logKey(
                sourceAccount: AccountID(trusted: "111111111111"), sourceRegion: RegionName(trusted: "r"),
                sourceBucket: "b", delivered: delivered, day: day, unique: 255) == key)
    }

    @Test("§12.6: an empty document switches logging off")
    func loggingOff() throws {
        #expect(try LoggingConfiguration.normalized(bytes("<BucketLoggingStatus/>")) == nil)
    }

    private static func logging(_ grants: String) -> [UInt8] {
        bytes(
            "<BucketLoggingStatus><LoggingEnabled><TargetGrants>\(grants)</TargetGrants><TargetPrefix>a &amp; b"
                + "</TargetPrefix><TargetBucket>t</TargetBucket></LoggingEnabled></BucketLoggingStatus>")
    }

    private static func targetGrant(_ grantee: String, type: String, permission: String = "READ") -> String {
        "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"\(type)\">\(grantee)"
            + "</Grantee><Permission>\(permission)</Permission></Grant>"
    }

    private static let nobody = "http://acs.amazonaws.com/groups/global/Nobody"

    @Test("§12.6: grants on log objects are kept with the types of their grantees")
    func targetGrants() throws {
        let document = Self.logging(
            Self.targetGrant("<ID>a&lt;</ID><DisplayName>x</DisplayName>", type: "CanonicalUser")
                + Self.targetGrant(
                    "<URI>\(AccessGroup.logDelivery.rawValue)</URI>", type: "Group", permission: "FULL_CONTROL"))
        let (logging, kept) = try #require(try LoggingConfiguration.normalized(document))
        #expect(
            logging.targetGrants
                == AccessControlList([
                    AccessGrant(.account("a<"), .read), AccessGrant(.group(.logDelivery), .fullControl),
                ]))
        #expect(try LoggingConfiguration(stored: kept) == logging)
        #expect(try LoggingConfiguration.normalized(kept)?.1 == kept)
    }

    @Test(
        "§12.6, ACL-8: grants on log objects that are refused",
        arguments: [
            ("<Grant/>", .malformedXML),
            (targetGrant("<ID>a</ID>", type: "CanonicalUser", permission: "READ_ACP"), .malformedXML),
            (targetGrant("<ID>a</ID>", type: "Somebody"), .malformedXML),
            (targetGrant("<ID/>", type: "CanonicalUser"), .malformedXML),
            (targetGrant("<URI>\(nobody)</URI>", type: "Group"), .invalidGroupURI(nobody, argument: "Group/URI")),
            (
                targetGrant("<EmailAddress>a@b</EmailAddress>", type: "AmazonCustomerByEmail"),
                .methodNotAllowed("PUT", on: .bucket)
            ),
            (String(repeating: targetGrant("<ID>a</ID>", type: "CanonicalUser"), count: 101), .malformedXML),
            ("</TargetGrants><TargetGrants>", .malformedXML),
        ] as [(String, S3Error)])
    func refusedTargetGrants(_ grants: String, _ error: S3Error) {
        #expect(s3Error { _ = try LoggingConfiguration.normalized(Self.logging(grants)) } == error)
    }

    private static func queue(_ inside: String, arn: String = "arn:aws:sqs:r:1:q") -> String {
        "<QueueConfiguration><Queue>\(arn)</Queue>\(inside)</QueueConfiguration>"
    }

    private static func filter(_ rules: (String, String)...) -> String {
        let inside = rules.map { "<FilterRule><Name>\($0.0)</Name><Value>\($0.1)</Value></FilterRule>" }.joined()
        return "<Filter><S3Key>\(inside)</S3Key></Filter>"
    }

    private static let put = "<Event>s3:ObjectCreated:Put</Event>"
    private static let created = "<Event>s3:ObjectCreated:*</Event>"

    @Test(
        "NTF-2, NTF-4, NTF-5: what is refused",
        arguments: [
            (queue(put), nil),
            (queue(""), .malformedXML),
            (queue("<Event>s3:Nothing</Event>"), .unsupportedEvent),
            (
                queue(put, arn: "arn:aws:sns:r:1:q"),
                .invalidArgument("The ARN could not be parsed", name: "Queue", value: "arn:aws:sns:r:1:q")
            ),
            (queue(put + filter(("middle", "x"))), .invalidFilterRuleName("middle")),
            (queue(put + filter(("prefix", "x"), ("Prefix", "y"))), .repeatedFilterRule("prefix")),
            (queue(put) + queue(created), .overlappingNotifications),
            (queue(put) + queue("<Event>s3:ObjectCreated:Copy</Event>"), nil),
            (
                queue(put + filter(("prefix", "a"))) + queue(created + filter(("prefix", "ab"))),
                .overlappingNotifications
            ),
            (queue(put + filter(("prefix", "a"))) + queue(created + filter(("prefix", "b"))), nil),
            (
                queue(put + filter(("prefix", "a"), ("suffix", ".jpg")))
                    + queue(put + filter(("prefix", "a"), ("suffix", ".png"))), nil
            ),
        ] as [(String, S3Error?)])
    func notifications(_ inside: String, _ error: S3Error?) {
        let document = bytes("<NotificationConfiguration>\(inside)</NotificationConfiguration>")
        #expect(s3Error { _ = try NotificationConfigurationXML(decoding: document) { "id" } } == error)
    }

    @Test("NTF-1: an ID is made, names of filters get their case, an empty document switches off")
    func notificationForm() throws {
        let document = bytes(
            "<NotificationConfiguration>\(Self.queue(Self.put + Self.filter(("PREFIX", "a/"))))"
                + "</NotificationConfiguration>")
        let stored = try #require(try NotificationConfigurationXML(decoding: document) { "made" }.document)
        #expect(text(stored).contains("<Id>made</Id>"))
        #expect(text(stored).contains("<Name>Prefix</Name><Value>a/</Value>"))
        #expect(
            try NotificationConfigurationXML(decoding: bytes("<NotificationConfiguration/>")) { "" }.document == nil)
    }

    @Test(
        "§12.5: configurations with IDs",
        arguments: [
            (.metrics, "<Id>i</Id>", nil),
            (.metrics, "<Id>j</Id>", .idMismatch),
            (.metrics, "", .malformedXML),
            (.metrics, "<Id>i</Id><Filter/>", .malformedXML),
            (.metrics, "<Id>i</Id><Filter><Prefix>a</Prefix></Filter>", nil),
            (.analytics, "<Id>i</Id>", .malformedXML),
            (.analytics, "<Id>i</Id><StorageClassAnalysis/>", nil),
            (.intelligentTiering, "<Id>i</Id><Status>Enabled</Status>", .malformedXML),
            (
                .intelligentTiering, "<Id>i</Id><Status>Enabled</Status>\(tier(89, "ARCHIVE_ACCESS"))",
                .invalidTieringDays
            ),
            (.intelligentTiering, "<Id>i</Id><Status>Enabled</Status>\(tier(90, "ARCHIVE_ACCESS"))", nil),
            (
                .intelligentTiering, "<Id>i</Id><Status>Enabled</Status>\(tier(90, "DEEP_ARCHIVE_ACCESS"))",
                .invalidTieringDays
            ),
        ] as [(NamedConfigurationKind, String, S3Error?)])
    func named(_ kind: NamedConfigurationKind, _ inside: String, _ error: S3Error?) {
        let document = bytes("<\(kind.root)>\(inside)</\(kind.root)>")
        #expect(s3Error { _ = try kind.normalized(document, id: "i") } == error)
    }

    private static func tier(_ days: Int, _ tier: String) -> String {
        "<Tiering><Days>\(days)</Days><AccessTier>\(tier)</AccessTier></Tiering>"
    }

    @Test("§12.7: at most 50 routing rules")
    func routingRules() {
        let rule = "<RoutingRule><Redirect><HostName>h</HostName></Redirect></RoutingRule>"
        let document =
            "<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument><RoutingRules>"
            + String(repeating: rule, count: 51) + "</RoutingRules></WebsiteConfiguration>"
        #expect(s3Error { _ = try WebsiteConfigurationXML.normalized(bytes(document)) } == .tooManyRoutingRules)
    }
}
