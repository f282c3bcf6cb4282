/// `*` for any run of characters and `?` for one, as actions, resources and `StringLike` have them (POL-3, POL-4).
///
/// It never goes back further than to the last `*`: hostile patterns cost at most pattern times text, and no stack.
package struct WildcardPattern: Hashable, Sendable {
    package enum Element: Hashable, Sendable {
        case scalar(Unicode.Scalar)
        case one
        case run
    }

    private let elements: [Element]

    /// Runs that follow one another are one.
    package init(elements: [Element]) {
        var kept: [Element] = []
        for element in elements where element != .run || kept.last != .run { kept.append(element) }
        self.elements = kept
    }

    package init(_ text: some StringProtocol) {
        self.init(
            elements: text.unicodeScalars.map { scalar in
                switch scalar {
                case "*": .run
                case "?": .one
                default: .scalar(scalar)
                }
            }
        )
    }

    package func matches(_ text: some StringProtocol) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var element = 0
        var scalar = 0
        // Where to go on if what follows the last run does not match.
        var retry: (element: Int, scalar: Int)?
        while scalar < scalars.count {
            if element < self.elements.count, self.elements[element] == .run {
                element += 1
                retry = (element, scalar)
            } else if element < self.elements.count, Self.matches(self.elements[element], scalars[scalar]) {
                element += 1
                scalar += 1
            } else if let last = retry {
                element = last.element
                scalar = last.scalar + 1
                retry = (element, scalar)
            } else {
                return false
            }
        }
        return self.elements[element...].allSatisfy { $0 == .run }
    }

    private static func matches(_ element: Element, _ scalar: Unicode.Scalar) -> Bool {
        switch element {
        case .scalar(let wanted): wanted == scalar
        case .one: true
        case .run: false
        }
    }
}
