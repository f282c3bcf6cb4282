import TernCore
import TernInventory
import TernS3Protocol
import Testing

@Suite("When inventories are due")
struct InventoryScheduleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var reason: String
        var frequency = InventoryConfiguration.Frequency.daily
        var first: String?
        var last: String?
        var failed: String?
        var now: String
        /// `nil`: now.
        var due: String?

        var testDescription: String { "§8.2 \(self.reason)" }
    }

    static let rows: [Row] = [
        Row(reason: "the first at once", now: "2026-03-02T10:00:00Z", due: nil),
        Row(
            reason: "an hour after one that failed", failed: "2026-03-02T09:30:00Z", now: "2026-03-02T10:00:00Z",
            due: "2026-03-02T10:30:00Z"),
        Row(
            reason: "at once, when the hour is over", failed: "2026-03-02T08:30:00Z", now: "2026-03-02T10:00:00Z",
            due: nil),
        Row(
            reason: "daily at the time of the first", first: "2026-03-02T10:00:00Z", last: "2026-03-05T10:00:20Z",
            now: "2026-03-05T12:00:00Z", due: "2026-03-06T10:00:00Z"),
        Row(
            reason: "the time does not drift with a late one", first: "2026-03-02T10:00:00Z",
            last: "2026-03-05T23:10:00Z", now: "2026-03-06T00:00:00Z", due: "2026-03-06T10:00:00Z"),
        Row(
            reason: "one by hand does not replace the one of the day", first: "2026-03-02T10:00:00Z",
            last: "2026-03-05T04:00:00Z", now: "2026-03-05T05:00:00Z", due: "2026-03-05T10:00:00Z"),
        Row(
            reason: "what was missed is due, once", first: "2026-03-02T10:00:00Z", last: "2026-03-02T10:00:00Z",
            now: "2026-03-09T12:00:00Z", due: "2026-03-03T10:00:00Z"),
        Row(
            reason: "weekly on the Sunday after the first", frequency: .weekly, first: "2026-03-02T10:00:00Z",
            last: "2026-03-02T10:00:00Z", now: "2026-03-03T00:00:00Z", due: "2026-03-08T10:00:00Z"),
        Row(
            reason: "and then on Sundays", frequency: .weekly, first: "2026-03-02T10:00:00Z",
            last: "2026-03-08T10:00:01Z", now: "2026-03-08T10:05:00Z", due: "2026-03-15T10:00:00Z"),
        Row(
            reason: "failed on the day: an hour later", first: "2026-03-02T10:00:00Z", last: "2026-03-02T10:00:00Z",
            failed: "2026-03-03T10:00:05Z", now: "2026-03-03T10:01:00Z", due: "2026-03-03T11:00:05Z"),
        Row(
            reason: "a clock that was set back does not stop them", first: "2027-01-01T10:00:00Z",
            last: "2027-01-01T10:00:00Z", now: "2026-03-03T10:01:00Z", due: "2026-03-04T10:00:00Z"),
    ]

    private static func configuration(_ row: Row) throws -> InventoryConfiguration {
        try InventoryConfigurationTests.configuration(frequency: row.frequency.rawValue)
    }

    private static func time(_ text: String?) throws -> Timestamp? {
        try text.map { try #require(Timestamp(iso8601: $0)) }
    }

    @Test("§8.2: the first as soon as possible, then at the same time, daily or on Sundays", arguments: Self.rows)
    func due(row: Row) throws {
        let now = try #require(try Self.time(row.now))
        let schedule = InventorySchedule(
            first: try Self.time(row.first), last: try Self.time(row.last), failed: try Self.time(row.failed))
        let next = schedule.next(of: try Self.configuration(row), now: now)
        if let due = try Self.time(row.due) {
            #expect(next == due)
        } else {
            #expect(try #require(next) <= now)
        }
    }

    @Test("§8.2: IsEnabled=false stops them, and TD-13: other formats than CSV have none")
    func none() throws {
        let now = Timestamp(milliseconds: 1_700_000_000_000)
        for (enabled, format) in [("false", "CSV"), ("true", "ORC"), ("true", "Parquet")] {
            let configuration = try InventoryConfigurationTests.configuration(enabled: enabled, format: format)
            #expect(InventorySchedule().next(of: configuration, now: now) == nil)
        }
    }
}
