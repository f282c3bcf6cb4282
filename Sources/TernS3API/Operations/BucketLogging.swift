import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketLogging; spec s3-api §12.6.
    static let getBucketLogging = Operation(
        "GetBucketLogging", Route("GET", .bucket, query: "logging"), action: "s3:GetBucketLogging"
    ) { call throws(S3Error) in
        .xml(try call.bucket().document(.logging) ?? LoggingConfiguration.unset)
    }

    /// Source: Amazon S3 API Reference, PutBucketLogging; spec s3-api §12.6.
    static let putBucketLogging = Operation(
        "PutBucketLogging", Route("PUT", .bucket, query: "logging"), action: "s3:PutBucketLogging"
    ) { call throws(S3Error) in
        let bucket = try call.bucket()
        guard let (logging, document) = try LoggingConfiguration.normalized(try await call.configurationBody()) else {
            try await call.service.setDocument(.logging, nil, of: bucket.name)
            return .ok
        }
        let target: BucketRegistry.Location
        do throws(S3Error) {
            target = try await call.service.registry.locate(logging.targetBucket)
        } catch  where error.code == "NoSuchBucket" {
            throw .loggingTargetMissing(logging.targetBucket)
        }
        switch target {
        case .here(let state):
            if state.owner != bucket.owner { throw .loggingTargetOfOtherOwner(logging.targetBucket) }
            try await call.admit(logging.targetGrants, ofLogsIn: state)
        case .elsewhere(let record):
            throw .crossLocationLogging(source: call.service.region, target: RegionName(trusted: record.region))
        }
        try await call.service.setDocument(.logging, document, of: bucket.name)
        return .ok
    }
}

extension S3Call {
    /// Refuses grants that the log objects in a target bucket cannot have.
    ///
    /// Source: Amazon S3 API Reference, PutBucketLogging; spec rules ACL-2, ACL-8, §9.3.
    fileprivate func admit(_ grants: AccessControlList, ofLogsIn target: BucketState) async throws(S3Error) {
        if grants.grants.isEmpty { return }
        if target.ownership == .bucketOwnerEnforced { throw .targetGrantsNotSupported }
        try await self.checkGrantees(of: grants, argument: "CanonicalUser/ID")
        try self.admit(grants, in: target)
    }
}
