import TernCore
import TernReplication
import Testing

/// Spec rule C-50.
@Suite struct RuleFilterTests {
    struct Row: Sendable {
        let filter: RuleFilter
        let key: String
        let isMatch: Bool
        let why: String
    }

    @Test(
        "C-50: prefixes are literal bytes",
        arguments: [
            Row(filter: .prefix("photos/"), key: "photos/cat.jpg", isMatch: true, why: "prefix matches"),
            Row(filter: .prefix("photos/"), key: "photos", isMatch: false, why: "the slash is part of the prefix"),
            Row(filter: .prefix("photos/"), key: "Photos/cat.jpg", isMatch: false, why: "case counts"),
            Row(filter: .prefix("*"), key: "photos", isMatch: false, why: "no wildcards"),
            Row(filter: .prefix(""), key: "x", isMatch: true, why: "the empty prefix admits all"),
            Row(filter: .all, key: "x", isMatch: true, why: "the empty filter admits all"),
            Row(filter: .and(prefix: nil, tags: []), key: "x", isMatch: true, why: "no prefix in And"),
            Row(filter: .prefix("\u{E9}"), key: "e\u{301}", isMatch: false, why: "canonically equal is not equal"),
        ]
    )
    func prefix(_ row: Row) throws {
        #expect(row.filter.admits(key: try ObjectKey(row.key)) == row.isMatch, "\(row.why)")
    }

    struct TagRow: Sendable {
        let filter: RuleFilter
        let tags: [ObjectTag]
        let isMatch: Bool
        let why: String
    }

    @Test("C-50: every tag of the filter, exactly", arguments: Self.tagRows)
    func tags(_ row: TagRow) {
        #expect(row.filter.admits(tags: row.tags) == row.isMatch, "\(row.why)")
    }

    static let gold = ObjectTag(key: "k", value: "v")
    static let tagRows: [TagRow] = [
        TagRow(filter: .tag(gold), tags: [gold], isMatch: true, why: "same"),
        TagRow(filter: .tag(gold), tags: [ObjectTag(key: "x", value: ""), gold], isMatch: true, why: "more tags"),
        TagRow(filter: .tag(gold), tags: [ObjectTag(key: "k", value: "V")], isMatch: false, why: "case counts"),
        TagRow(
            filter: .tag(ObjectTag(key: "k", value: "")),
            tags: [gold],
            isMatch: false,
            why: "an empty value is a value"
        ),
        TagRow(
            filter: .tag(ObjectTag(key: "k", value: "\u{E9}")),
            tags: [ObjectTag(key: "k", value: "e\u{301}")],
            isMatch: false,
            why: "bytes"
        ),
        TagRow(
            filter: .and(prefix: "a", tags: [gold, ObjectTag(key: "l", value: "w")]),
            tags: [gold],
            isMatch: false,
            why: "one is missing"
        ),
        TagRow(filter: .prefix("a"), tags: [], isMatch: true, why: "no tags wanted"),
    ]
}
