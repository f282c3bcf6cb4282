import TernCore
import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketNotificationConfiguration; spec rule NTF-1.
    static let getBucketNotification = Operation(
        "GetBucketNotificationConfiguration", Route("GET", .bucket, query: "notification"),
        action: "s3:GetBucketNotification"
    ) { call throws(S3Error) in
        .xml(try call.bucket().document(.notification) ?? NotificationConfigurationXML.unset)
    }

    /// Source: Amazon S3 API Reference, PutBucketNotificationConfiguration; spec rules NTF-1 to NTF-7.
    static let putBucketNotification = Operation(
        "PutBucketNotificationConfiguration", Route("PUT", .bucket, query: "notification"),
        action: "s3:PutBucketNotification"
    ) { call throws(S3Error) in
        let clock = call.service.clock
        let configuration = try NotificationConfigurationXML(
            decoding: try await call.configurationBody(),
            makeID: {
                var bytes: [UInt8] = []
                bytes.append(bigEndian: clock.randomBits())
                bytes.append(bigEndian: clock.randomBits())
                return bytes.lowercaseHex
            })
        let isUnchecked = call.headers["x-amz-skip-destination-validation"]?.lowercased() == "true"
        let faults = call.service.faults(of: configuration, for: try call.bucket(), isChecked: !isUnchecked)
        if !faults.isEmpty { throw .invalidNotificationDestinations(faults) }
        try await call.service.setNotifications(
            configuration, of: call.bucketName, cause: EventCause(.other, by: call.trace))
        return .ok
    }
}
