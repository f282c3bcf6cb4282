package import TernS3Protocol

/// The regions of the federation, as the operator's commands and those who join ask for them. All but ``regions()`` is for
/// the home region only.
package protocol RegionRegistry: Sendable {
    /// In the order of their names.
    func regions() async -> [KnownRegion]
    /// An invitation for a region of this name, as a text that must be kept secret.
    func invite(_ name: String, validSeconds: Int64) async throws(S3Error) -> String
    /// Answers one who was invited.
    func join(_ request: [UInt8]) async throws(S3Error) -> [UInt8]
    /// Removes a region that joined, and has no buckets.
    func remove(_ name: String) async throws(S3Error)
}

/// A region and where it answers.
package struct KnownRegion: Hashable, Sendable {
    package var name: String
    package var endpoint: String
    /// Whether it joined; else the configuration names it.
    package var hasJoined: Bool

    package init(name: String, endpoint: String, hasJoined: Bool) {
        self.name = name
        self.endpoint = endpoint
        self.hasJoined = hasJoined
    }
}
