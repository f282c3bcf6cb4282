import AsyncHTTPClient
import NIOCore
import SwiftProtobuf
import TernCore
package import TernObjects
import TernRecords
package import TernS3Protocol

/// Looks at destination buckets in this region's own registry, or asks the region that has them.
package struct FederatedDestinationLookup: DestinationLookup {
    private let service: ObjectService
    private let client: PeerClient
    private let copy: DirectoryCopy?

    /// - Parameter copy: That of a region that is not the home region.
    package init(service: ObjectService, client: PeerClient, copy: DirectoryCopy?) {
        self.service = service
        self.client = client
        self.copy = copy
    }

    package func destination(_ name: String) async throws(S3Error) -> DestinationDescription? {
        var location = try await self.locate(name)
        if location == nil, let copy = self.copy {
            // The bucket may be so young that the directory's log has not brought its name yet.
            do {
                try await copy.pull(waitMilliseconds: 0)
            } catch {
                throw S3Error(
                    code: "ServiceUnavailable", status: 503,
                    message: "The home region cannot be asked for the bucket \(name). Please retry. (\(error))")
            }
            location = try await self.locate(name)
        }
        let record: DirectoryRecord
        switch location {
        case nil: return nil
        case .here(let bucket): return DestinationDescription(bucket)
        case .elsewhere(let found): record = found
        }
        let region = RegionName(trusted: record.region)
        do {
            let query = "name=\(PercentEncoding.encode(name.utf8, keepingSlash: false))"
            let answer = try await self.client.send(.bucket, query: query, to: region)
            if answer.status == 404 { return nil }
            guard answer.status == 200 else { throw PeerClient.transportError(answer, region: region) }
            let bucket = try BucketRecord(serializedBytes: Array(answer.body.readableBytesView))
            return DestinationDescription(
                name: bucket.name, region: bucket.region, owner: bucket.owner, versioning: bucket.versioning)
        } catch {
            throw S3Error(
                code: "ServiceUnavailable", status: 503,
                message: "The destination bucket's region \(region) cannot be asked. Please retry. (\(error))")
        }
    }

    private func locate(_ name: String) async throws(S3Error) -> BucketRegistry.Location? {
        do {
            return try await self.service.registry.locate(name)
        } catch  where error.code == "NoSuchBucket" {
            return nil
        }
    }
}
