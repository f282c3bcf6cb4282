import TernCore
import TernS3Protocol
import Testing

@Suite("What a notification configuration wants (§13.1, §13.2)")
struct NotificationRulesTests {
    private static func rules(_ inside: String) throws -> NotificationRules {
        let document = bytes("<NotificationConfiguration>\(inside)</NotificationConfiguration>")
        return try NotificationConfigurationXML(decoding: document) { "id" }.rules
    }

    private static func queue(_ events: String..., filter: String = "") -> String {
        "<QueueConfiguration><Id>q</Id><Queue>arn:aws:sqs:us-east-1:111111111111:q</Queue>"
            + events.map { "<Event>\($0)</Event>" }.joined()
            + (filter.isEmpty ? "" : "<Filter><S3Key>\(filter)</S3Key></Filter>") + "</QueueConfiguration>"
    }

    private static func filter(_ name: String, _ value: String) -> String {
        "<FilterRule><Name>\(name)</Name><Value>\(value)</Value></FilterRule>"
    }

    private static func destinations(_ rules: NotificationRules, _ type: S3EventType, _ key: String) throws -> [String]
    {
        var found: [String] = []
        rules.forEachDestination(of: type, key: try ObjectKey(key)) { found.append($0?.id ?? "eventbridge") }
        return found
    }

    @Test("R-14: s3:Replication:* is the four types of replication")
    func replication() throws {
        let names = [
            "OperationFailedReplication", "OperationMissedThreshold", "OperationReplicatedAfterThreshold",
            "OperationNotTracked",
        ]
        let each = try names.map { try #require(S3EventType.types(named: "s3:Replication:" + $0)) }
        let group = try #require(S3EventType.types(named: "s3:Replication:*"))
        for type in S3EventType.allCases {
            #expect(group.contains(type) == (each.filter { $0.contains(type) }.count == 1))
        }
    }

    @Test(
        "§13.2: groups stand for their types, and for no other",
        arguments: [
            ("s3:ObjectCreated:*", 4), ("s3:ObjectRemoved:*", 2), ("s3:ObjectRestore:*", 3), ("s3:Replication:*", 4),
            ("s3:LifecycleExpiration:*", 2), ("s3:ObjectTagging:*", 2), ("s3:LifecycleTransition", 1),
            ("s3:ObjectAcl:Put", 1), ("s3:IntelligentTiering", 1), ("s3:ReducedRedundancyLostObject", 1),
        ])
    func groups(_ name: String, _ count: Int) throws {
        let types = try #require(S3EventType.types(named: name))
        #expect(S3EventType.allCases.filter(types.contains).count == count)
    }

    @Test(
        "NTF-4: no other name is a type",
        arguments: [
            "ObjectCreated:Put", "s3:ObjectCreated", "s3:*", "s3:LifecycleTransition:*", "s3:ObjectAcl:*",
            "s3:TestEvent", "",
        ])
    func noType(_ name: String) {
        #expect(S3EventType.types(named: name) == nil)
    }

    @Test("§13.2: every type can be named by itself")
    func singles() {
        for type in S3EventType.allCases {
            #expect(S3EventType.types(named: "s3:\(type.name)") == S3EventTypes(type))
        }
    }

    @Test(
        "NTF-1: prefix and suffix, as they are and URL-encoded",
        arguments: [
            ("a b/", "a b/x.jpg", true), ("a+b/", "a b/x.jpg", true), ("a%20b/", "a b/x.jpg", true),
            ("a+b/", "a+b/x.jpg", true), ("a%20b/", "a%20b/x.jpg", true), ("a b/", "a+b/x.jpg", false),
            ("a", "b/x.jpg", false), ("", "x.jpg", true), ("%zz", "%zz/x.jpg", true),
        ])
    func prefixes(_ prefix: String, _ key: String, _ matches: Bool) throws {
        let rules = try Self.rules(
            Self.queue("s3:ObjectCreated:*", filter: Self.filter("prefix", prefix) + Self.filter("suffix", ".jpg")))
        #expect(try Self.destinations(rules, .objectCreatedPut, key) == (matches ? ["q"] : []))
        #expect(try Self.destinations(rules, .objectCreatedPut, key + "x").isEmpty)
        #expect(try Self.destinations(rules, .objectRemovedDelete, key).isEmpty)
    }

    @Test("NTF-26: the EventBridge gets all events of the bucket but those of replication")
    func eventBridge() throws {
        let rules = try Self.rules(
            Self.queue("s3:ObjectCreated:Put", filter: Self.filter("prefix", "p")) + "<EventBridgeConfiguration/>")
        #expect(try Self.destinations(rules, .objectCreatedPut, "p") == ["q", "eventbridge"])
        #expect(try Self.destinations(rules, .objectCreatedPut, "x") == ["eventbridge"])
        #expect(try Self.destinations(rules, .objectTaggingPut, "x") == ["eventbridge"])
        #expect(try Self.destinations(rules, .replicationFailed, "x").isEmpty)
        #expect(!rules.mayWant(.replicationFailed))
    }

    @Test("NTF-1: the stored document says the same as the client's")
    func stored() throws {
        let document = bytes(
            "<NotificationConfiguration>\(Self.queue("s3:ObjectCreated:*", filter: Self.filter("PREFIX", "a")))"
                + "</NotificationConfiguration>")
        let configuration = try NotificationConfigurationXML(decoding: document) { "id" }
        let stored = try NotificationConfigurationXML.rules(stored: try #require(configuration.document))
        #expect(stored.rules == configuration.rules.rules)
    }
}
