import TernCore
import TernLifecycle
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketLifecycleConfiguration; spec §11.3.
    static let getBucketLifecycleConfiguration = Operation.getLifecycle("GetBucketLifecycleConfiguration")
    /// The deprecated name of the same request.
    static let getBucketLifecycle = Operation.getLifecycle("GetBucketLifecycle")
    /// Source: Amazon S3 API Reference, PutBucketLifecycleConfiguration; spec §11.3, rule CHK-7.
    static let putBucketLifecycleConfiguration = Operation.putLifecycle("PutBucketLifecycleConfiguration")
    /// The deprecated name of the same request.
    static let putBucketLifecycle = Operation.putLifecycle("PutBucketLifecycle")

    /// Source: Amazon S3 API Reference, DeleteBucketLifecycle.
    static let deleteBucketLifecycle = Operation(
        "DeleteBucketLifecycle", Route("DELETE", .bucket, query: "lifecycle"), action: "s3:PutLifecycleConfiguration"
    ) { call throws(S3Error) in
        try await call.service.setDocument(.lifecycle, nil, of: call.bucketName)
        return .noContent
    }

    private static func getLifecycle(_ name: String) -> Operation {
        Operation(name, Route("GET", .bucket, query: "lifecycle"), action: "s3:GetLifecycleConfiguration") {
            call throws(S3Error) in
            guard let lifecycle = try call.bucket().lifecycle else {
                throw .noSuchLifecycleConfiguration(call.bucketName)
            }
            return .xml(LifecycleConfigurationXML.encode(lifecycle))
                .with(TransitionMinimumSize.headerName, lifecycle.minimumSize.rawValue)
        }
    }

    private static func putLifecycle(_ name: String) -> Operation {
        Operation(name, Route("PUT", .bucket, query: "lifecycle"), action: "s3:PutLifecycleConfiguration") {
            call throws(S3Error) in
            let body = try await call.payload.document(
                maximumBytes: RequestDocument.maximumByteCount, requiresDigest: true)
            let service = call.service
            let configuration: LifecycleConfiguration
            let rules = try LifecycleConfigurationXML.decode(body)
            do throws(LifecycleProblem) {
                configuration = try LifecycleConfiguration.validated(
                    rules,
                    minimumSize: try TransitionMinimumSize(header: call.headers[TransitionMinimumSize.headerName]),
                    makeRuleID: { Operation.ruleID(service.clock.randomBits(), service.clock.randomBits()) })
            } catch {
                throw S3Error(error)
            }
            try await service.setDocument(
                .lifecycle, LifecycleConfigurationXML.encodeStored(configuration), of: call.bucketName)
            return HTTPAnswer.ok.with(TransitionMinimumSize.headerName, configuration.minimumSize.rawValue)
        }
    }
}
