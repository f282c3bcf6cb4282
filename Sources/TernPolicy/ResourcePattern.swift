/// A text of `Resource` (POL-4): the first five segments match one by one, so that no wildcard reaches over their colons;
/// the rest is one text, in which `*` also takes `/` and `:`.
package struct ResourcePattern: Sendable {
    /// `nil` for `*`, which is every resource.
    private let segments: (head: [WildcardPattern], rest: PolicyText)?

    package init(_ text: String, version: PolicyDocument.Version) throws(PolicyProblem) {
        guard text != "*" else {
            self.segments = nil
            return
        }
        let parts = Self.segments(of: text)
        guard parts.count == 6 else { throw .invalidValue(element: "Resource", value: text) }
        self.segments = (
            parts.dropLast().map { WildcardPattern($0) }, try PolicyText(String(parts[5]), version: version)
        )
    }

    /// - Parameter value: The single value of a key of the request, by its name in lower case.
    package func matches(_ arn: String, _ value: (String) -> String?) -> Bool {
        guard let (head, rest) = self.segments else { return true }
        let parts = Self.segments(of: arn)
        guard parts.count == 6, zip(head, parts).allSatisfy({ $0.matches($1) }) else { return false }
        return rest.pattern(value)?.matches(parts[5]) ?? false
    }

    private static func segments(of arn: String) -> [Substring] {
        arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    }
}
