package import TernCore

/// Where the buckets of the federation are and whose, as the home region knows it.
package protocol BucketDirectory: Sendable {
    /// `nil` for a name that no bucket has.
    func place(ofBucket name: String) async throws(ControlLogError) -> BucketPlace?
}

package struct BucketPlace: Hashable, Sendable {
    package var owner: AccountID
    package var region: RegionName

    package init(owner: AccountID, region: RegionName) {
        self.owner = owner
        self.region = region
    }
}
