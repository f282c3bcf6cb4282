import TernCore
import TernLifecycle
import TernS3Protocol
import Testing

// Swift Testing has tags too.
private typealias Tag = TernCore.Tag

@Suite("The XML of lifecycle configurations")
struct LifecycleConfigurationXMLTests {
    private static func document(_ rules: String) -> [UInt8] {
        Array("<LifecycleConfiguration>\(rules)</LifecycleConfiguration>".utf8)
    }

    private static func rule(_ inner: String) -> String { "<Rule><ID>r</ID><Status>Enabled</Status>\(inner)</Rule>" }
    private static let days = "<Expiration><Days>1</Days></Expiration>"

    @Test(
        "§11.3: what has the wrong shape is MalformedXML",
        arguments: [
            days,
            "<Filter/><Prefix/>" + days,
            "<Filter><Prefix>a</Prefix><ObjectSizeLessThan>5</ObjectSizeLessThan></Filter>" + days,
            "<Filter><And><Prefix>a</Prefix></And></Filter>" + days,
            "<Filter><Prefix>a</Prefix><And><Prefix>a</Prefix><ObjectSizeLessThan>5</ObjectSizeLessThan></And></Filter>"
                + days,
            "<Filter/><NoncurrentVersionExpiration/>",
            "<Filter/><Expiration/>",
            "<Filter/><Expiration><Days>1</Days><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
            "<Filter/><Expiration><Days>1</Days><Date>2026-01-01T00:00:00Z</Date></Expiration>",
            "<Filter/><Expiration><Days>one</Days></Expiration>",
            "<Filter/><Transition><Days>1</Days></Transition>",
            "<Filter/><Transition><Days>1</Days><StorageClass>COLD</StorageClass></Transition>",
            "<Filter/><Transition><Days>1</Days><StorageClass>STANDARD</StorageClass></Transition>",
            "<Filter/><Unknown/>" + days,
        ])
    func malformed(_ inner: String) {
        #expect(throws: S3Error.malformedXML) { try LifecycleConfigurationXML.decode(Self.document(Self.rule(inner))) }
    }

    @Test("§11.3: 1 to 1000 rules")
    func ruleCount() throws {
        let rule = Self.rule("<Filter/>" + Self.days)
        #expect(throws: S3Error.malformedXML) { try LifecycleConfigurationXML.decode(Self.document("")) }
        let many = String(repeating: rule, count: 1000)
        #expect(try LifecycleConfigurationXML.decode(Self.document(many)).count == 1000)
        #expect(throws: S3Error.malformedXML) { try LifecycleConfigurationXML.decode(Self.document(many + rule)) }
    }

    @Test("§11.3: rules come back as they came")
    func roundTrip() throws {
        let rules = [
            LifecycleRule(
                id: "a", prefix: "", expiration: .at(.date(Timestamp(seconds: 86_400))),
                transitions: [.init(.date(Timestamp(seconds: 0)), to: .glacier)]),
            LifecycleRule(id: "b", isEnabled: false, filter: LifecycleFilter(), expiration: .at(.days(3))),
            LifecycleRule(
                id: "c",
                filter: LifecycleFilter(
                    prefix: "x&y", tags: [Tag(key: "k", value: "")], sizeGreaterThan: 1, sizeLessThan: 9,
                    isConjunction: true),
                transitions: [.init(.days(30), to: .standardIA), .init(.days(60), to: .glacier)],
                noncurrentExpiration: .init(noncurrentDays: 9, newerNoncurrentVersions: 3),
                noncurrentTransitions: [.init(noncurrentDays: 4, newerNoncurrentVersions: 2, to: .glacierIR)]),
            LifecycleRule(
                id: "d", filter: LifecycleFilter(prefix: "p"), expiration: .expiredObjectDeleteMarker(false),
                abortDaysAfterInitiation: 7),
        ]
        let configuration = LifecycleConfiguration(rules: rules, minimumSize: .variesByStorageClass)
        #expect(try LifecycleConfigurationXML.decode(LifecycleConfigurationXML.encode(configuration)) == rules)
        let stored = LifecycleConfigurationXML.encodeStored(configuration)
        #expect(try LifecycleConfigurationXML.decodeStored(stored) == configuration)
        #expect(throws: S3Error.malformedXML) { try LifecycleConfigurationXML.decode(stored) }
    }
}

@Suite("The XML of restore requests")
struct RestoreRequestXMLTests {
    private static func read(_ inner: String) throws -> RestoreRequestXML {
        try RestoreRequestXML(decoding: Array("<RestoreRequest>\(inner)</RestoreRequest>".utf8))
    }

    @Test("RST-2: days and tier, in either place")
    func tiers() throws {
        #expect(try Self.read("<Days>3</Days>").tier == .standard)
        #expect(try Self.read("<Days>3</Days><Tier>Bulk</Tier>").tier == .bulk)
        let nested = try Self.read("<Days>3</Days><GlacierJobParameters><Tier>Expedited</Tier></GlacierJobParameters>")
        #expect(nested.tier == .expedited && nested.days == 3)
        // Archive tiers of INTELLIGENT_TIERING have no days.
        #expect(try Self.read("<Tier>Bulk</Tier>").days == nil)
    }

    @Test("RST-2, RST-3: what is refused")
    func refusals() {
        #expect(throws: S3Error.malformedXML) { try Self.read("<Days/>") }
        #expect(throws: S3Error.restoreDaysNotPositive) { try Self.read("<Days>0</Days>") }
        #expect(throws: S3Error.malformedXML) { try Self.read("<Days>1</Days><Tier>Slow</Tier>") }
        #expect(throws: S3Error.notImplemented) { try Self.read("<Type>SELECT</Type>") }
        #expect(throws: S3Error.notImplemented) { try Self.read("<Days>1</Days><OutputLocation/>") }
    }
}
