import TernCore

/// Dates as one error of S3 prints them: `Tue Dec 31 16:00:00 PST 2019` (spec rule LCK-5).
enum PacificDate {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    static func text(of date: Timestamp) -> String {
        let isSummer = self.isSummerTime(date)
        let local = Timestamp(milliseconds: date.milliseconds - (isSummer ? 7 : 8) * 3_600_000).civilFields
        let time = [local.hour, local.minute, local.second].map(self.twoDigits).joined(separator: ":")
        return "\(self.weekdays[local.weekday]) \(self.months[local.month - 1]) \(self.twoDigits(local.day)) \(time) "
            + "\(isSummer ? "PDT" : "PST") \(local.year)"
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// From 10:00 UTC on the second Sunday of March to 9:00 UTC on the first one of November: the rule since 2007.
    private static func isSummerTime(_ date: Timestamp) -> Bool {
        let year = date.civilFields.year
        guard let start = self.sunday(2, month: 3, year: year, hour: 10),
            let end = self.sunday(1, month: 11, year: year, hour: 9)
        else { return false }
        return date >= start && date < end
    }

    private static func sunday(_ number: Int, month: Int, year: Int, hour: Int) -> Timestamp? {
        guard let first = Timestamp(year: year, month: month, day: 1) else { return nil }
        let day = 1 + (7 - first.civilFields.weekday) % 7 + 7 * (number - 1)
        return Timestamp(year: year, month: month, day: day, hour: hour)
    }
}
