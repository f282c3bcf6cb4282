/// The 12-digit number of an AWS account.
package struct AccountID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    package init?(_ text: String) {
        guard text.utf8.count == 12, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        self.description = text
    }

    /// For an ID that was validated before, such as one read back from storage.
    package init(trusted text: String) {
        self.description = text
    }

    package static func < (left: AccountID, right: AccountID) -> Bool { left.description < right.description }
}
