package import TernRecords
package import TernS3Protocol

/// What a replication configuration needs to know of a destination (spec rules E-04, E-05).
package struct DestinationDescription: Sendable, Hashable {
    package var name: String
    package var region: String
    package var owner: String
    package var versioning: VersioningState

    package init(name: String, region: String, owner: String, versioning: VersioningState) {
        self.name = name
        self.region = region
        self.owner = owner
        self.versioning = versioning
    }

    package init(_ bucket: BucketState) {
        self.init(
            name: bucket.name, region: bucket.record.region, owner: bucket.record.owner, versioning: bucket.versioning)
    }
}

/// Looks at destination buckets, wherever in the federation they are.
package protocol DestinationLookup: Sendable {
    /// The bucket as it is now; `nil` when it does not exist. Throws when its region cannot be asked.
    func destination(_ name: String) async throws(S3Error) -> DestinationDescription?
}

/// Knows the buckets of this region only.
package struct LocalDestinationLookup: DestinationLookup {
    private let registry: BucketRegistry

    package init(registry: BucketRegistry) {
        self.registry = registry
    }

    package func destination(_ name: String) async throws(S3Error) -> DestinationDescription? {
        do {
            return DestinationDescription(try await self.registry.state(name))
        } catch  where error.code == "NoSuchBucket" {
            return nil
        }
    }
}
