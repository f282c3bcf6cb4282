import TernCore
import TernS3Protocol
import Testing

/// Spec s3-api §9.1.
@Suite struct TaggingTests {
    private static func document(_ tags: [(String, String)]) -> [UInt8] {
        let inside = tags.map { "<Tag><Key>\($0.0)</Key><Value>\($0.1)</Value></Tag>" }.joined()
        return bytes("<Tagging\(s3Namespace)>\n<TagSet>\(inside)</TagSet></Tagging>")
    }

    private static func numbered(_ count: Int) -> [(String, String)] { (0..<count).map { ("k\($0)", "") } }

    @Test("Tags are read in order and written back")
    func roundTrip() throws {
        let tags = try TaggingXML.decode(
            Self.document([("b", "2"), ("a &amp; b", "")].map { ($0.0.replacing("&amp;", with: "+"), $0.1) }),
            of: .object
        )
        #expect(tags == [ObjectTag(key: "b", value: "2"), ObjectTag(key: "a + b", value: "")])
        #expect(try TaggingXML.decode(TaggingXML.encode(tags), of: .bucket) == tags)
        #expect(text(TaggingXML.encode([])) == "\(xmlDeclaration)<Tagging\(s3Namespace)><TagSet/></Tagging>")
        #expect(try TaggingXML.decode(TaggingXML.encode([]), of: .object).isEmpty)
    }

    @Test("TAG-1, TAG-2: how many")
    func counts() throws {
        #expect(try TaggingXML.decode(Self.document(Self.numbered(10)), of: .object).count == 10)
        #expect(
            s3Error { _ = try TaggingXML.decode(Self.document(Self.numbered(11)), of: .object) } == .tooManyObjectTags
        )
        #expect(try TaggingXML.decode(Self.document(Self.numbered(50)), of: .bucket).count == 50)
        #expect(
            s3Error { _ = try TaggingXML.decode(Self.document(Self.numbered(51)), of: .bucket) } == .tooManyBucketTags
        )
    }

    @Test(
        "TAG-1, TAG-3: keys and values",
        arguments: [
            (String(repeating: "k", count: 128), String(repeating: "v", count: 256), nil),
            (String(repeating: "k", count: 129), "", .invalidTagKey(String(repeating: "k", count: 129))),
            (
                "k", String(repeating: "v", count: 257),
                .invalidTagValue(key: "k", value: String(repeating: "v", count: 257))
            ),
            ("", "v", .invalidTagKey("")),
            ("Größe ٣ 中", "+ - = . _ : / @", nil),
            ("k!", "v", .invalidTagKey("k!")),
            ("k", "🙂", .invalidTagValue(key: "k", value: "🙂")),
            ("k", "a\nb", .invalidTagValue(key: "k", value: "a\nb")),
            ("aws:k", "v", .systemTagOnObject("aws:k")),
            ("AWS:k", "v", nil),
        ] as [(String, String, S3Error?)]
    )
    func characters(_ key: String, _ value: String, _ error: S3Error?) {
        #expect(s3Error { _ = try TaggingXML.decode(Self.document([(key, value)]), of: .object) } == error)
    }

    @Test("TAG-3, TAG-7: aws: and repetitions, by what carries the tags")
    func subjects() {
        let reserved = [ObjectTag(key: "aws:k", value: "")]
        let twice = [ObjectTag(key: "k", value: "1"), ObjectTag(key: "k", value: "2")]
        #expect(s3Error { try TagRules.check(reserved, of: .bucket) } == .systemTagOnBucket("aws:k"))
        #expect(s3Error { try TagRules.check(reserved, of: .newBucket) } == .systemTagAtBucketCreation)
        #expect(s3Error { try TagRules.check(twice, of: .object) } == .duplicateTagKey("k"))
        #expect(s3Error { try TagRules.check(twice, of: .newBucket) } == .duplicateTagAtBucketCreation)
    }

    @Test(
        "TAG-3: what is malformed",
        arguments: [
            "<Tagging/>",
            "<Tagging><TagSet><Tag><Key>k</Key></Tag></TagSet></Tagging>",
            "<Tagging><TagSet><Tag><Value>v</Value></Tag></TagSet></Tagging>",
            "<TagSet/>",
        ]
    )
    func malformed(_ document: String) {
        #expect(s3Error { _ = try TaggingXML.decode(bytes(document), of: .object) } == .malformedXML)
    }

    @Test("ERR-11: elements that are not known are ignored")
    func unknownElements() throws {
        let document = "<Tagging><X/><TagSet><Y/><Tag><Value>v</Value><Z/><Key>k</Key></Tag></TagSet></Tagging>"
        #expect(try TaggingXML.decode(bytes(document), of: .object) == [ObjectTag(key: "k", value: "v")])
    }

    @Test(
        "TAG-4: the x-amz-tagging header",
        arguments: [
            ("", []),
            ("k1=v1&k2=", [ObjectTag(key: "k1", value: "v1"), ObjectTag(key: "k2", value: "")]),
            ("k", [ObjectTag(key: "k", value: "")]),
            ("a+b=c%2Bd", [ObjectTag(key: "a b", value: "c+d")]),
            ("k=a=b", [ObjectTag(key: "k", value: "a=b")]),
            ("k%C3%A4=1&", [ObjectTag(key: "kä", value: "1")]),
        ]
    )
    func header(_ value: String, _ tags: [ObjectTag]) throws {
        #expect(try TaggingHeader.decode(value) == tags)
        #expect(try TaggingHeader.decode(TaggingHeader.encode(tags)) == tags)
    }

    @Test(
        "TAG-4: what the header refuses",
        arguments: [
            ("k=1&k=2", .malformedTaggingHeader("k=1&k=2")),
            ("k=%", .malformedTaggingHeader("k=%")),
            ("k=%FF", .malformedTaggingHeader("k=%FF")),
            ("=v", .invalidTagKey("")),
            ("k=%21", .invalidTagValue(key: "k", value: "!")),
            ("a&b&c&d&e&f&g&h&i&j&k", .tooManyObjectTags),
        ] as [(String, S3Error)]
    )
    func headerFaults(_ value: String, _ error: S3Error) {
        #expect(s3Error { _ = try TaggingHeader.decode(value) } == error)
    }
}
