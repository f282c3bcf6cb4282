extension Timestamp {
    /// `2026-01-31T12:00:00.000Z`, S3's form in XML (spec rule ERR-12).
    package var iso8601: String {
        let fields = self.civilFields
        var text: [UInt8] = []
        text.reserveCapacity(24)
        text.append(decimal: fields.year, width: 4)
        text.append(UInt8(ascii: "-"))
        text.append(decimal: fields.month, width: 2)
        text.append(UInt8(ascii: "-"))
        text.append(decimal: fields.day, width: 2)
        text.append(UInt8(ascii: "T"))
        text.appendTime(fields)
        text.append(UInt8(ascii: "."))
        text.append(decimal: fields.millisecond, width: 3)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// `20260131T120000Z`, the form of `x-amz-date`.
    package var amzDate: String {
        let fields = self.civilFields
        var text: [UInt8] = []
        text.reserveCapacity(16)
        text.append(decimal: fields.year, width: 4)
        text.append(decimal: fields.month, width: 2)
        text.append(decimal: fields.day, width: 2)
        text.append(UInt8(ascii: "T"))
        text.append(decimal: fields.hour, width: 2)
        text.append(decimal: fields.minute, width: 2)
        text.append(decimal: fields.second, width: 2)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// `Sat, 31 Jan 2026 12:00:00 GMT`, IMF-fixdate of RFC 9110 §5.6.7.
    package var httpDate: String {
        let fields = self.civilFields
        var text: [UInt8] = []
        text.reserveCapacity(29)
        text.append(contentsOf: Self.weekdays[fields.weekday].utf8)
        text.append(contentsOf: ", ".utf8)
        text.append(decimal: fields.day, width: 2)
        text.append(UInt8(ascii: " "))
        text.append(contentsOf: Self.months[fields.month - 1].utf8)
        text.append(UInt8(ascii: " "))
        text.append(decimal: fields.year, width: 4)
        text.append(UInt8(ascii: " "))
        text.appendTime(fields)
        text.append(contentsOf: " GMT".utf8)
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads `YYYYMMDDTHHMMSSZ`; `nil` for anything else.
    package init?(amzDate text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            let year = bytes.decimal(0..<4), let month = bytes.decimal(4..<6), let day = bytes.decimal(6..<8),
            let hour = bytes.decimal(9..<11), let minute = bytes.decimal(11..<13), let second = bytes.decimal(13..<15)
        else { return nil }
        self.init(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }

    /// Reads `2026-01-31T12:00:00Z`, with or without a fraction, with `Z` or an offset such as `+01:00`.
    package init?(iso8601 text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = bytes.decimal(0..<4), let month = bytes.decimal(5..<7), let day = bytes.decimal(8..<10),
            let hour = bytes.decimal(11..<13), let minute = bytes.decimal(14..<16), let second = bytes.decimal(17..<19)
        else { return nil }
        var index = 19
        var millisecond = 0
        if bytes[index] == UInt8(ascii: ".") {
            index += 1
            var scale = 100
            while index < bytes.count, let digit = bytes.decimal(index..<index + 1) {
                millisecond += digit * scale
                scale /= 10
                index += 1
            }
        }
        var offsetMinutes = 0
        let zone = Array(bytes[index...])
        if zone.count == 6, zone[3] == UInt8(ascii: ":"), let hours = zone.decimal(1..<3),
            let minutes = zone.decimal(4..<6),
            zone[0] == UInt8(ascii: "+") || zone[0] == UInt8(ascii: "-")
        {
            offsetMinutes = (zone[0] == UInt8(ascii: "-") ? -1 : 1) * (hours * 60 + minutes)
        } else if zone != [UInt8(ascii: "Z")] {
            return nil
        }
        guard
            let local = Timestamp(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second, millisecond: millisecond
            )
        else { return nil }
        self.init(milliseconds: local.milliseconds - Int64(offsetMinutes) * 60000)
    }

    /// Reads an IMF-fixdate, also with another zone spelling (`UTC`, `+0000`); `nil` for anything else.
    package init?(httpDate text: some StringProtocol) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 6, parts[0].hasSuffix(","), ["GMT", "UTC", "+0000", "Z"].contains(String(parts[5])),
            let day = Int(parts[1]), let month = Self.months.firstIndex(of: String(parts[2])), let year = Int(parts[3])
        else { return nil }
        let time = parts[4].split(separator: ":", omittingEmptySubsequences: false)
        guard time.count == 3, let hour = Int(time[0]), let minute = Int(time[1]), let second = Int(time[2]) else {
            return nil
        }
        self.init(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}

extension [UInt8] {
    /// Appends a non-negative number in decimal, padded with zeros to `width`.
    package mutating func append(decimal value: Int, width: Int) {
        var divisor = 1
        for _ in 1..<Swift.max(width, 1) { divisor *= 10 }
        while divisor > 0 {
            self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    fileprivate mutating func appendTime(_ fields: Timestamp.CivilFields) {
        self.append(decimal: fields.hour, width: 2)
        self.append(UInt8(ascii: ":"))
        self.append(decimal: fields.minute, width: 2)
        self.append(UInt8(ascii: ":"))
        self.append(decimal: fields.second, width: 2)
    }

    fileprivate func decimal(_ range: Range<Int>) -> Int? {
        guard range.upperBound <= self.count else { return nil }
        var value = 0
        for byte in self[range] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value
    }
}
