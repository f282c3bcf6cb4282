/// A text of `Resource` (POL-4): the first five segments match one by one, so that no wildcard reaches over their colons;
/// the rest is one text, in which `*` also takes `/` and `:`.
package struct ResourcePattern: Sendable {
    /// `*` alone.
    private let isEverything: Bool
    /// The first five segments with their colons, where they have no wildcards: equal text has equal segments.
    private let literalHead: [UInt8]
    /// Else their patterns.
    private let head: [WildcardPattern]
    private let rest: PolicyText

    package init(_ text: String, version: PolicyDocument.Version) throws(PolicyProblem) {
        self.isEverything = text == "*"
        guard !self.isEverything else {
            self.literalHead = []
            self.head = []
            self.rest = try PolicyText("*", version: version)
            return
        }
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6 else { throw .invalidValue(element: "Resource", value: text) }
        let head = Array(text.utf8[..<parts[5].startIndex])
        let hasWildcards = head.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
        self.literalHead = hasWildcards ? [] : head
        self.head = hasWildcards ? parts.dropLast().map { WildcardPattern($0) } : []
        self.rest = try PolicyText(String(parts[5]), version: version)
    }

    package func matches(_ arn: String, _ context: PolicyContext) -> Bool {
        self.matches(bytes: Array(arn.utf8), context)
    }

    func matches(bytes arn: [UInt8], _ context: PolicyContext) -> Bool {
        if self.isEverything { return true }
        if self.head.isEmpty {
            return arn.starts(with: self.literalHead)
                && self.rest.matches(bytes: arn[self.literalHead.count...], context)
        }
        guard let start = self.head.matchSegments(of: arn) else { return false }
        return self.rest.matches(bytes: arn[start...], context)
    }
}
