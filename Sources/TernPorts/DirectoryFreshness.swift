package import TernCore

/// How new this region's copy of accounts and IAM is. Refusals by a copy that is behind are not final: what would have
/// permitted may be on its way (specification ACC-9).
package protocol DirectoryFreshness: Sendable {
    /// Whether the copy has all that the home region had at `time`, by this region's clock. Waits for nothing.
    func isCurrent(asOf time: Timestamp) -> Bool

    /// Asks the home region for what is new.
    ///
    /// - Returns: Whether the copy has all that the home region had when this was called.
    func catchUp() async -> Bool
}

/// The home region's own: it has no copy, and is never behind.
package struct HomeDirectoryFreshness: DirectoryFreshness {
    package init() {}

    package func isCurrent(asOf time: Timestamp) -> Bool { true }

    package func catchUp() async -> Bool { true }
}
