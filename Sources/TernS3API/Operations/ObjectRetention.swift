import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetObjectRetention; spec rules LCK-6, LCK-7.
    static let getObjectRetention = Operation(
        "GetObjectRetention", Route("GET", .object, query: "retention"), action: "s3:GetObjectRetention"
    ) { call throws(S3Error) in
        let version = try await call.attributedVersion()
        if try call.bucket().objectLock == nil { throw .bucketWithoutObjectLock }
        guard let retention = version.record.retention else { throw .noSuchObjectLockConfiguration }
        return .xml(RetentionXML.encode(retention))
    }

    /// Source: Amazon S3 API Reference, PutObjectRetention; spec rules LCK-5, LCK-6, LCK-9, LCK-13.
    static let putObjectRetention = Operation(
        "PutObjectRetention", Route("PUT", .object, query: "retention"), action: "s3:PutObjectRetention",
        authorizesItself: true
    ) { call throws(S3Error) in
        let body = try await call.payload.document(maximumBytes: 1 << 20, requiresDigest: true)
        let decoded = Result { () throws(S3Error) in try RetentionXML.decode(body) }
        // What is asked for is a condition of the permission (LCK-14).
        try await call.authorize(
            "s3:PutObjectRetention", bucket: try call.bucket(), key: try call.key(),
            context: (try? decoded.get())?.conditions(now: call.now) ?? [:])
        let bypassesGovernance = try await call.bypassesGovernance(key: try call.key())
        let retention = try decoded.get()
        let version = try await call.service.setRetention(
            retention, of: try call.versionReference(), key: try call.key(), in: call.bucketName,
            bypassesGovernance: bypassesGovernance)
        if version.record.isDeleteMarker { throw call.markerError(version) }
        return .ok
    }
}
