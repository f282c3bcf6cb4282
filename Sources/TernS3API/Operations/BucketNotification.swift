import TernCore
import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketNotificationConfiguration; spec rule NTF-1.
    static let getBucketNotification = Operation(
        "GetBucketNotificationConfiguration", Route("GET", .bucket, query: "notification"),
        action: "s3:GetBucketNotification", isOnlyStored: true
    ) { call throws(S3Error) in
        .xml(try call.bucket().document(.notification) ?? NotificationConfigurationXML.unset)
    }

    /// Source: Amazon S3 API Reference, PutBucketNotificationConfiguration; spec rules NTF-1 to NTF-5.
    ///
    /// Topics, queues and functions are services that a region does not have, so each is one that does not exist: NTF-3
    /// refuses it, unless the client asks not to look.
    static let putBucketNotification = Operation(
        "PutBucketNotificationConfiguration", Route("PUT", .bucket, query: "notification"),
        action: "s3:PutBucketNotification", isOnlyStored: true
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
        if !isUnchecked, !configuration.destinations.isEmpty {
            throw .invalidNotificationDestinations(
                configuration.destinations.map { ($0.arn, "The destination \($0.kind.noun) does not exist") })
        }
        try await call.service.setDocument(.notification, configuration.document, of: call.bucketName)
        return .ok
    }
}

extension NotificationConfigurationXML.Destination.Kind {
    fileprivate var noun: String {
        switch self {
        case .topic: "topic"
        case .queue: "queue"
        case .function: "Lambda function"
        }
    }
}
