import TernControlAPI
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3API
import TernS3Protocol

/// The buckets of a region, for S3 Control.
struct RegionBuckets: ControlledBuckets {
    let service: ObjectService
    let s3: S3Responder
    let handsOn: Bool

    var region: RegionName { self.service.region }

    func region(of bucket: String) async throws(S3Error) -> RegionName? {
        do throws(S3Error) {
            switch try await self.service.registry.locate(bucket) {
            case .here: return self.service.region
            case .elsewhere(let record): return RegionName(trusted: record.region)
            }
        } catch  where error.code == "NoSuchBucket" {
            return nil
        }
    }

    func owner(of bucket: String) async throws(S3Error) -> AccountID {
        try await self.service.registry.state(bucket).owner
    }

    func authorizationRequest(
        of principal: Principal, to action: String, on bucket: String, context: [String: [String]]
    ) async throws(S3Error) -> AuthorizationRequest {
        try await self.s3.authorizationRequest(of: principal, to: action, bucket: bucket, key: nil, context: context)
    }

    func tags(of bucket: String) async throws(S3Error) -> [Tag] {
        try await self.service.registry.state(bucket).record.tags.map { Tag(key: $0.key, value: $0.value) }
    }

    func changeTags(
        of bucket: String, _ change: @Sendable ([Tag]) throws(S3Error) -> [Tag]
    ) async throws(S3Error) {
        try await self.service.changeBucket(bucket) { record throws(S3Error) in
            let tags = try change(record.tags.map { Tag(key: $0.key, value: $0.value) })
            record.tags = tags.map { TagPair($0) }
        }
    }
}
