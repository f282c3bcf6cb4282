/// `*` for any run of characters and `?` for one, as actions, resources and `StringLike` have them (POL-3, POL-4).
///
/// It works on bytes of UTF-8, and `?` takes all of a character's. It never goes back further than to the last `*`: hostile
/// patterns cost at most pattern times text, and no stack.
package struct WildcardPattern: Hashable, Sendable {
    package enum Element: Hashable, Sendable {
        case scalar(Unicode.Scalar)
        case one
        case run
    }

    /// A byte that stands for itself, or one of the wildcards.
    typealias Code = UInt16

    static let one: Code = 0x100
    static let run: Code = 0x101

    private let codes: [Code]
    /// How many codes there are before the first wildcard.
    private let literalCount: Int

    init(codes: [Code]) {
        self.codes = codes
        self.literalCount = codes.firstIndex { $0 >= Self.one } ?? codes.count
    }

    package init(elements: [Element]) {
        self.init(
            codes: elements.flatMap { element in
                switch element {
                case .scalar(let scalar): String(scalar).utf8.map { Code($0) }
                case .one: [Self.one]
                case .run: [Self.run]
                }
            }
        )
    }

    package init(_ text: some StringProtocol) {
        self.init(codes: text.utf8.map(Self.code))
    }

    /// What a byte of a pattern's text stands for.
    static func code(_ byte: UInt8) -> Code {
        switch byte {
        case UInt8(ascii: "*"): self.run
        case UInt8(ascii: "?"): self.one
        default: Code(byte)
        }
    }

    package func matches(_ text: some StringProtocol) -> Bool {
        text.utf8.withContiguousStorageIfAvailable { self.matches(bytes: $0) } ?? self.matches(bytes: Array(text.utf8))
    }

    /// - Parameter text: UTF-8 that is valid.
    func matches<Text: RandomAccessCollection<UInt8>>(bytes text: Text) -> Bool where Text.Index == Int {
        let end = text.endIndex
        var place = text.startIndex
        guard text.count >= self.literalCount else { return false }
        for element in 0..<self.literalCount {
            guard self.codes[element] == Code(text[place]) else { return false }
            place += 1
        }
        var element = self.literalCount
        // Where to go on if what follows the last run does not match.
        var retry: (element: Int, place: Int)?
        while place < end {
            if element < self.codes.count {
                let code = self.codes[element]
                if code == Self.run {
                    element += 1
                    if element == self.codes.count { return true }
                    retry = (element, place)
                    continue
                }
                if code == Self.one {
                    element += 1
                    place += Self.width(text[place])
                    continue
                }
                if code == Code(text[place]) {
                    element += 1
                    place += 1
                    continue
                }
            }
            guard let last = retry else { return false }
            element = last.element
            place = last.place + Self.width(text[last.place])
            retry = (element, place)
        }
        return self.codes[element...].allSatisfy { $0 == Self.run }
    }

    /// How many bytes a character has, by its first.
    private static func width(_ byte: UInt8) -> Int {
        switch byte {
        case ..<0xC0: 1
        case ..<0xE0: 2
        case ..<0xF0: 3
        default: 4
        }
    }
}

extension WildcardPattern {
    /// Patterns of the six segments of an ARN; `nil` if there are not so many. The last one has the colons that are left.
    static func segments(_ codes: [Code]) -> [WildcardPattern]? {
        let parts = codes.split(separator: Code(UInt8(ascii: ":")), maxSplits: 5, omittingEmptySubsequences: false)
        return parts.count == 6 ? parts.map { WildcardPattern(codes: Array($0)) } : nil
    }
}

extension [WildcardPattern] {
    /// Whether the segments of an ARN match one by one, as far as there are patterns, and where in the text the next one
    /// begins: `nil` if one does not match or is missing.
    func matchSegments<Text: RandomAccessCollection<UInt8>>(of arn: Text) -> Int?
    where Text.Index == Int, Text.SubSequence: RandomAccessCollection<UInt8>, Text.SubSequence.Index == Int {
        var start = arn.startIndex
        for index in self.indices {
            var end = arn.endIndex
            if index < 5 {
                guard let colon = arn[start...].firstIndex(of: UInt8(ascii: ":")) else { return nil }
                end = colon
            }
            guard self[index].matches(bytes: arn[start..<end]) else { return nil }
            start = index < 5 ? end + 1 : end
        }
        return start
    }
}
