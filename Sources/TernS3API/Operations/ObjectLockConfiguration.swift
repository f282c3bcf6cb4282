import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetObjectLockConfiguration; spec rule LCK-4.
    static let getObjectLockConfiguration = Operation(
        "GetObjectLockConfiguration", Route("GET", .bucket, query: "object-lock"),
        action: "s3:GetBucketObjectLockConfiguration"
    ) { call throws(S3Error) in
        guard let configuration = try call.bucket().objectLock else {
            throw .objectLockConfigurationNotFound(call.bucketName)
        }
        return .xml(configuration.encode())
    }

    /// Source: Amazon S3 API Reference, PutObjectLockConfiguration; spec rules LCK-1, LCK-3.
    static let putObjectLockConfiguration = Operation(
        "PutObjectLockConfiguration", Route("PUT", .bucket, query: "object-lock"),
        action: "s3:PutBucketObjectLockConfiguration"
    ) { call throws(S3Error) in
        let body = try await call.payload.document(maximumBytes: 1 << 20, requiresDigest: true)
        try await call.service.setObjectLock(try ObjectLockConfiguration(decoding: body), of: call.bucketName)
        return .ok
    }
}
