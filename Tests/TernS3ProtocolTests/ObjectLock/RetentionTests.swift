import TernCore
import TernS3Protocol
import Testing

/// Spec s3-api §8.
@Suite struct RetentionTests {
    static let now = Timestamp(seconds: 1_000_000)

    static func governance(_ days: Int64) -> Retention { self.retention(.governance, days) }
    static func compliance(_ days: Int64) -> Retention { self.retention(.compliance, days) }

    private static func retention(_ mode: RetentionMode, _ days: Int64) -> Retention {
        Retention(mode: mode, until: Timestamp(seconds: self.now.seconds + days * 86400))
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var why: String
        var old: Retention?
        var new: Retention?
        /// Without and with the bypass of governance.
        var isAllowed: (Bool, Bool)

        var testDescription: String { self.why }
    }

    @Test(
        "LCK-9: what may follow on a retention",
        arguments: [
            Row(why: "a first one", old: nil, new: governance(1), isAllowed: (true, true)),
            Row(why: "none after none", old: nil, new: nil, isAllowed: (true, true)),
            Row(why: "governance extended", old: governance(2), new: governance(3), isAllowed: (true, true)),
            Row(why: "the same again", old: governance(2), new: governance(2), isAllowed: (true, true)),
            Row(why: "governance shortened", old: governance(2), new: governance(1), isAllowed: (false, true)),
            Row(why: "governance removed", old: governance(2), new: nil, isAllowed: (false, true)),
            Row(why: "to compliance, later", old: governance(2), new: compliance(3), isAllowed: (true, true)),
            Row(why: "to compliance, earlier", old: governance(2), new: compliance(1), isAllowed: (false, true)),
            Row(why: "compliance extended", old: compliance(2), new: compliance(3), isAllowed: (true, true)),
            Row(why: "compliance shortened", old: compliance(2), new: compliance(1), isAllowed: (false, false)),
            Row(why: "compliance removed", old: compliance(2), new: nil, isAllowed: (false, false)),
            Row(why: "compliance to governance", old: compliance(2), new: governance(3), isAllowed: (false, false)),
            Row(why: "compliance that has run out", old: compliance(0), new: nil, isAllowed: (true, true)),
            Row(why: "governance that has run out", old: governance(-1), new: governance(-2), isAllowed: (true, true)),
        ])
    func changes(_ row: Row) {
        for (bypass, isAllowed) in [(false, row.isAllowed.0), (true, row.isAllowed.1)] {
            #expect(
                Retention.isChangeAllowed(from: row.old, to: row.new, at: Self.now, bypassesGovernance: bypass)
                    == isAllowed)
        }
    }

    @Test("LCK-8: a retention ends at its instant, which is a whole second")
    func end() {
        let retention = Retention(mode: .governance, until: Timestamp(milliseconds: 1_500))
        #expect(retention.until == Timestamp(milliseconds: 2_000))
        #expect(retention.isInForce(at: Timestamp(milliseconds: 1_999)))
        #expect(!retention.isInForce(at: Timestamp(milliseconds: 2_000)))
    }

    @Test("LCK-11: a default retention counts from the second in which the version was made")
    func defaultRetention() {
        let days = DefaultRetention(mode: .governance, period: .days(2))
        #expect(days.retention(from: Timestamp(milliseconds: 1_900)).until == Timestamp(seconds: 1 + 2 * 86400))
        let years = DefaultRetention(mode: .compliance, period: .years(1))
        #expect(years.retention(from: Timestamp(seconds: 0)).until == Timestamp(seconds: 365 * 86400))
    }

    @Test(
        "LCK-5: the date of an error is printed in Pacific time",
        arguments: [
            (2020, 1, 1, 0, "Tue Dec 31 16:00:00 PST 2019"),
            (2020, 7, 4, 12, "Sat Jul 04 05:00:00 PDT 2020"),
            // Summer time began at 10:00 UTC on 10 March 2024 and ended at 9:00 UTC on 3 November.
            (2024, 3, 10, 9, "Sun Mar 10 01:00:00 PST 2024"),
            (2024, 3, 10, 10, "Sun Mar 10 03:00:00 PDT 2024"),
            (2024, 11, 3, 8, "Sun Nov 03 01:00:00 PDT 2024"),
            (2024, 11, 3, 9, "Sun Nov 03 01:00:00 PST 2024"),
        ])
    func pacificDates(year: Int, month: Int, day: Int, hour: Int, expected: String) throws {
        let date = try #require(Timestamp(year: year, month: month, day: day, hour: hour))
        #expect(S3Error.retainUntilDateInThePast(date)["ArgumentValue"] == expected)
    }
}
