extension BandwidthLimit {
    /// Reads a rate in bytes a second, such as `500KB`, `2.5MB`, `1GiB`, `250000` or `unlimited`; `/s` may follow.
    ///
    /// - Returns: `nil` for what is no rate, and the rate else, of which `nil` is no limit.
    package static func rate(_ text: String) -> Int64?? {
        var rest = text.filter { $0 != " " }.lowercased()[...]
        if rest.hasSuffix("/s") { rest = rest.dropLast(2) }
        if rest == "unlimited" { return .some(nil) }
        let units: [(suffix: String, factor: Double)] = [
            ("kib", 1024), ("mib", 1_048_576), ("gib", 1_073_741_824),
            ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("b", 1),
        ]
        var factor = 1.0
        if let unit = units.first(where: { rest.hasSuffix($0.suffix) }) {
            factor = unit.factor
            rest = rest.dropLast(unit.suffix.count)
        }
        // `Double` would read `nan`, `inf` and hexadecimal numbers as well.
        guard !rest.isEmpty, rest.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }),
            let number = Double(rest)
        else { return nil }
        let bytes = (number * factor).rounded()
        guard bytes <= Double(self.maximumRate) else { return nil }
        return .some(Int64(bytes))
    }

    /// The rate as ``rate(_:)`` reads it.
    package static func text(ofRate rate: Int64?) -> String {
        guard let rate else { return "unlimited" }
        for (unit, factor) in [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000)] as [(String, Int64)]
        where rate >= factor && rate % factor == 0 {
            return "\(rate / factor)\(unit)"
        }
        return "\(rate)B"
    }
}

extension BandwidthLimit.Window {
    /// Reads `08:00-18:00=2MB`.
    package init?(_ text: String) {
        let sides = text.split(separator: "=", omittingEmptySubsequences: false)
        guard sides.count == 2, let rate = BandwidthLimit.rate(String(sides[1])) else { return nil }
        let times = sides[0].split(separator: "-", omittingEmptySubsequences: false).map(Self.minutes)
        guard times.count == 2, let start = times[0], let end = times[1], start < BandwidthLimit.minutesPerDay,
            start != end
        else { return nil }
        self.init(start: start, end: end, bytesPerSecond: rate)
    }

    package var text: String {
        "\(Self.text(self.start))-\(Self.text(self.end))=\(BandwidthLimit.text(ofRate: self.bytesPerSecond))"
    }

    /// Of `HH:MM`, up to `24:00`.
    private static func minutes(_ text: Substring) -> Int? {
        let fields = text.split(separator: ":", omittingEmptySubsequences: false)
        guard fields.count == 2, fields.allSatisfy({ (1...2).contains($0.count) }), fields[1].count == 2,
            let hour = Int(fields[0]), let minute = Int(fields[1]), (0...24).contains(hour), (0...59).contains(minute),
            hour * 60 + minute <= BandwidthLimit.minutesPerDay
        else { return nil }
        return hour * 60 + minute
    }

    private static func text(_ minutes: Int) -> String {
        let two = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(minutes / 60)):\(two(minutes % 60))"
    }
}
