package import TernCore

/// The messages that carry events to queues, topics and the like (spec s3-api §13.3).
package enum S3EventMessage {
    /// What is told of by itself, without a person or program behind it.
    private static let service = "s3.amazonaws.com"

    /// `{"Records":[…]}` with one record (NTF-20).
    package static func records(_ event: S3Event) -> [UInt8] {
        var json = JSONWriter()
        json.openObject()
        json.name("Records")
        json.openArray()
        self.write(event, to: &json)
        json.closeArray()
        json.closeObject()
        return json.bytes
    }

    private static func write(_ event: S3Event, to json: inout JSONWriter) {
        json.openObject()
        json.member("eventVersion", event.type.messageVersion)
        json.member("eventSource", "aws:s3")
        json.member("awsRegion", event.region)
        json.member("eventTime", event.time.iso8601)
        json.member("eventName", event.type.name)
        json.openObject("userIdentity")
        json.member("principalId", self.principal(of: event))
        json.closeObject()
        json.openObject("requestParameters")
        json.member("sourceIPAddress", event.sourceAddress ?? self.service)
        json.closeObject()
        json.openObject("responseElements")
        json.member("x-amz-request-id", event.requestIDOrOwn)
        json.member("x-amz-id-2", event.hostID ?? event.id)
        json.closeObject()
        json.openObject("s3")
        json.member("s3SchemaVersion", "1.0")
        json.member("configurationId", event.configurationID)
        json.openObject("bucket")
        json.member("name", event.bucket)
        json.openObject("ownerIdentity")
        json.member("principalId", event.bucketOwnerID)
        json.closeObject()
        json.member("arn", event.bucketARN)
        json.closeObject()
        json.openObject("object")
        json.member("key", event.encodedKey)
        if let byteCount = event.byteCount { json.member("size", byteCount) }
        json.member("eTag", ifPresent: event.etag)
        json.member("versionId", ifPresent: event.versionID)
        json.member("sequencer", ifPresent: event.sequencerText)
        json.closeObject()
        json.closeObject()
        self.writeExtras(of: event, to: &json)
        json.closeObject()
    }

    /// NTF-21; live-replication R-20 has the service itself for what replication tells of.
    private static func principal(of event: S3Event) -> String {
        if let principal = event.principalID { return principal }
        return event.replication == nil ? "AmazonCustomer:\(event.bucketOwnerID)" : self.service
    }

    /// NTF-24
    private static func writeExtras(of event: S3Event, to json: inout JSONWriter) {
        if let restore = event.restore, event.type == .objectRestoreCompleted {
            json.openObject("glacierEventData")
            json.openObject("restoreEventData")
            json.member("lifecycleRestorationExpiryTime", restore.expires.iso8601)
            json.member("lifecycleRestoreStorageClass", restore.storageClass)
            json.closeObject()
            json.closeObject()
        }
        if let storageClass = event.transitionClass {
            json.openObject("lifecycleEventData")
            json.openObject("transitionEventData")
            json.member("destinationStorageClass", storageClass)
            json.closeObject()
            json.closeObject()
        }
        if let replication = event.replication {
            json.openObject("replicationEventData")
            json.member("replicationRuleId", replication.ruleID)
            json.member("destinationBucket", "arn:aws:s3:::\(replication.destinationBucket)")
            json.member("s3Operation", replication.operation)
            json.member("requestTime", replication.requested.iso8601)
            json.member("failureReason", ifPresent: replication.failureReason)
            json.closeObject()
        }
    }

    /// The message that tells a new destination that it is one (NTF-25).
    package static func test(bucket: String, time: Timestamp, requestID: String, hostID: String) -> [UInt8] {
        var json = JSONWriter()
        json.openObject()
        json.member("Service", "Amazon S3")
        json.member("Event", "s3:TestEvent")
        json.member("Time", time.iso8601)
        json.member("Bucket", bucket)
        json.member("RequestId", requestID)
        json.member("HostId", hostID)
        json.closeObject()
        return json.bytes
    }
}
