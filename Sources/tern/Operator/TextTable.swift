/// Columns of text, as wide as they must be.
enum TextTable {
    /// - Parameter rightAligned: The columns of numbers.
    static func lines(_ rows: [[String]], rightAligned: ClosedRange<Int>) -> [String] {
        let columnCount = rows.map(\.count).max() ?? 0
        let widths = (0..<columnCount).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, text in
                let padding = String(repeating: " ", count: widths[column] - text.count)
                return rightAligned.contains(column) ? padding + text : text + padding
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}

/// Quantities as people read them.
enum Quantity {
    static func bytes(_ count: Double) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var value = count
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return "\(unit == 0 ? String(Int(value)) : self.decimal(value)) \(units[unit])"
    }

    static func milliseconds(_ value: Double) -> String {
        if value < 1 { return "\(self.decimal(value)) ms" }
        if value < 1000 { return "\(Int(value.rounded())) ms" }
        let seconds = value / 1000
        if seconds < 120 { return "\(self.decimal(seconds)) s" }
        if seconds < 7200 { return "\(Int(seconds / 60)) min" }
        return "\(Int(seconds / 3600)) h"
    }

    /// About three figures.
    static func decimal(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        if abs(value) >= 100 { return String(Int(value.rounded())) }
        let digits = abs(value) >= 10 ? 1 : 2
        let scale = digits == 1 ? 10 : 100
        let scaled = Int((abs(value) * Double(scale)).rounded())
        let fraction = String(scaled % scale)
        let text = "\(scaled / scale).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
        return value < 0 ? "-\(text)" : text
    }
}
