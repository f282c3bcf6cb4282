import TernCore
import TernLifecycle
import Testing

@Suite("Lifecycle days")
struct LifecycleCalendarTests {
    static func time(_ text: String) -> Timestamp { Timestamp(iso8601: text) ?? Timestamp(milliseconds: 0) }

    struct Row: Sendable {
        var created: String
        var days: Int
        var due: String
        var reason: String
    }

    static let rows: [Row] = [
        Row(
            created: "2026-01-15T10:30:00Z", days: 3, due: "2026-01-19T00:00:00Z",
            reason: "rounded up to the next midnight"),
        Row(created: "2026-01-15T00:00:00Z", days: 1, due: "2026-01-16T00:00:00Z", reason: "exactly midnight stays"),
        Row(created: "2026-01-15T00:00:01Z", days: 1, due: "2026-01-17T00:00:00Z", reason: "a second later does not"),
        Row(created: "2026-01-15T10:30:00Z", days: 0, due: "2026-01-16T00:00:00Z", reason: "no days still round up"),
        Row(created: "2024-02-28T12:00:00Z", days: 1, due: "2024-03-01T00:00:00Z", reason: "a leap year"),
    ]

    @Test("LC-1: due times are rounded up to midnight UTC", arguments: rows)
    func rounding(_ row: Row) {
        #expect(LifecycleCalendar().due(Self.time(row.created), days: row.days) == Self.time(row.due), "\(row.reason)")
    }

    @Test("LC-1: a shorter day begins at each multiple of its length")
    func shortDays() {
        let calendar = LifecycleCalendar(daySeconds: 2)
        #expect(calendar.due(Timestamp(milliseconds: 10_001), days: 3) == Timestamp(milliseconds: 18_000))
        #expect(calendar.due(Timestamp(milliseconds: 10_000), days: 3) == Timestamp(milliseconds: 16_000))
    }

    @Test("LC-1: no number of days leads beyond the last date")
    func endOfTime() {
        let last = Self.time("9999-12-31T23:59:59Z")
        #expect(LifecycleCalendar().due(Self.time("2026-01-15T10:30:00Z"), days: Int.max) == last)
        #expect(LifecycleCalendar().due(Timestamp(milliseconds: Int64.max), days: 1) == last)
    }
}
