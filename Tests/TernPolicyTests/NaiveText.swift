import TernPolicy

/// Texts, numbers, dates and addresses of policies, read naively.
enum NaiveText {
    /// A character of a pattern; a literal star is one that came out of a variable.
    struct Piece {
        var literal: Unicode.Scalar
        var isWildcard = false
    }

    static func glob(_ text: String) -> [Piece] {
        text.unicodeScalars.map { Piece(literal: $0, isWildcard: $0 == "*" || $0 == "?") }
    }

    /// §5.3; `nil` if a variable has no value.
    static func pieces(_ text: String, _ request: PolicyRequest, hasVariables: Bool) -> [Piece]? {
        guard hasVariables, text.contains("${") else { return self.glob(text) }
        var pieces: [Piece] = []
        var rest = Array(text.unicodeScalars)[...]
        while let scalar = rest.first {
            guard scalar == "$", rest.dropFirst().first == "{" else {
                pieces.append(Piece(literal: scalar, isWildcard: scalar == "*" || scalar == "?"))
                rest = rest.dropFirst()
                continue
            }
            // A brace between the quotes of a default does not end the variable.
            var isQuoted = false
            var end = rest.startIndex
            while rest[end] != "}" || isQuoted {
                if rest[end] == "'" { isQuoted.toggle() }
                end += 1
            }
            let inner = rest[(rest.startIndex + 2)..<end]
            rest = rest[(end + 1)...]
            var value: [Unicode.Scalar]?
            if inner.count == 1, let only = inner.first, only == "*" || only == "?" || only == "$" {
                value = [only]
            } else {
                let comma = inner.firstIndex(of: ",")
                var name = String.UnicodeScalarView()
                name.append(contentsOf: inner[..<(comma ?? inner.endIndex)])
                if let found = request.context[String(name).lowercased()], found.count == 1 {
                    value = found[0].unicodeScalars.map { $0 }
                } else if let comma {
                    let quoted = inner[comma...].drop { $0 != "'" }
                    value = Array(quoted.dropFirst().prefix { $0 != "'" })
                }
            }
            guard let value else { return nil }
            pieces += value.map { Piece(literal: $0) }
        }
        return pieces
    }

    /// By trying every length of each run.
    static func matches(_ pattern: [Piece], _ text: [Unicode.Scalar], from index: Int = 0, at place: Int = 0) -> Bool {
        var index = index
        var place = place
        while index < pattern.count {
            let piece = pattern[index]
            if piece.isWildcard, piece.literal == "*" {
                for next in place...text.count where self.matches(pattern, text, from: index + 1, at: next) {
                    return true
                }
                return false
            }
            guard place < text.count, piece.isWildcard || piece.literal == text[place] else { return false }
            index += 1
            place += 1
        }
        return place == text.count
    }

    /// The sixth part has the colons that are left.
    static func sixParts(_ text: String) -> [String] {
        var parts: [String] = [""]
        for character in text.unicodeScalars {
            if character == ":", parts.count < 6 {
                parts.append("")
            } else {
                parts[parts.count - 1].unicodeScalars.append(character)
            }
        }
        return parts
    }

    static func sixParts(_ pieces: [Piece]) -> [[Piece]] {
        var parts: [[Piece]] = [[]]
        for piece in pieces {
            if piece.literal == ":", parts.count < 6 {
                parts.append([])
            } else {
                parts[parts.count - 1].append(piece)
            }
        }
        return parts
    }

    /// The generator's numbers are small enough to be exact.
    static func number(_ text: String) -> Double? {
        let digits = text.drop { $0 == "-" || $0 == "+" }
        guard let first = digits.first, first.isNumber, digits.allSatisfy({ $0.isNumber || $0 == "." }),
            digits.last != "."
        else { return nil }
        return Double(text)
    }

    static func seconds(_ text: String) -> Double? {
        if let seconds = Int(text) { return Double(seconds) }
        let parts = text.split(separator: "T")
        let day = parts[0].split(separator: "-").compactMap { Int($0) }
        guard day.count == 3 else { return nil }
        var days = 0
        func isLeap(_ year: Int) -> Bool {
            year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        }
        for year in 1970..<day[0] { days += isLeap(year) ? 366 : 365 }
        let months = [31, isLeap(day[0]) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        days += months[..<(day[1] - 1)].reduce(0, +) + day[2] - 1
        var seconds = Double(days * 86_400)
        guard parts.count == 2 else { return seconds }
        let zone = parts[1].drop { $0 != "Z" && $0 != "+" && $0 != "-" }
        let time = parts[1].prefix(parts[1].count - zone.count).split(separator: ":").compactMap { Double($0) }
        guard time.count == 3 else { return nil }
        seconds += time[0] * 3600 + time[1] * 60 + time[2]
        if zone != "Z" {
            let offset = zone.dropFirst().split(separator: ":").compactMap { Double($0) }
            seconds -= (offset[0] * 3600 + offset[1] * 60) * (zone.first == "-" ? -1 : 1)
        }
        return seconds
    }

    /// As a text of zeros and ones, cut at the prefix.
    static func bits(address text: String) -> (isVersion6: Bool, bits: String)? {
        let halves = text.split(separator: "/")
        guard let address = halves.first else { return nil }
        var bits = ""
        func append(_ value: Int, _ width: Int) {
            let digits = String(value, radix: 2)
            bits += String(repeating: "0", count: width - digits.count) + digits
        }
        let isVersion6 = address.contains(":")
        if isVersion6 {
            let ends = String(address).replacing("::", with: "|").split(
                separator: "|", omittingEmptySubsequences: false)
            let groups = ends.map { $0.split(separator: ":").compactMap { Int($0, radix: 16) } }
            let missing = 8 - groups.reduce(0) { $0 + $1.count }
            for group in groups[0] + Array(repeating: 0, count: missing) + groups.dropFirst().joined() {
                append(group, 16)
            }
        } else {
            let parts = address.split(separator: ".").compactMap { Int($0) }
            guard parts.count == 4 else { return nil }
            for part in parts { append(part, 8) }
        }
        return (isVersion6, halves.count == 2 ? String(bits.prefix(Int(halves[1]) ?? 0)) : bits)
    }

    /// `nil` for what is not base64.
    static func bits(base64 text: String) -> String? {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let body = text.prefix { $0 != "=" }
        let padding = text.count - body.count
        guard text.count.isMultiple(of: 4), padding < 3, text.dropFirst(body.count).allSatisfy({ $0 == "=" }) else {
            return nil
        }
        var bits = ""
        for character in body {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            let digits = String(value, radix: 2)
            bits += String(repeating: "0", count: 6 - digits.count) + digits
        }
        return String(bits.dropLast(padding * 2))
    }
}
