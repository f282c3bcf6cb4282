/// Amazon Resource Names, as far as Tern reads them: `arn:partition:service:region:account:resource`.
package enum ARN {
    /// The account in an ARN, or `nil` if it has none.
    package static func account(of arn: String) -> AccountID? {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        return parts.count == 6 ? AccountID(String(parts[4])) : nil
    }
}
