package import TernCore

/// What is told of a job of S3 Batch Operations: that it was created, or entered another status.
///
/// Source: Amazon S3 User Guide, "Tracking a Batch Operations job in Amazon EventBridge through CloudTrail";
/// batch-replication §9.
package struct JobEvent: Hashable, Sendable {
    package enum Name: String, Hashable, Sendable {
        case created = "JobCreated"
        case statusChanged = "JobStatusChanged"
    }

    /// The event's own, the same for each repetition: 32 hexadecimal digits.
    package var id: String
    package var account: String
    package var region: String
    package var time: Timestamp
    /// ``Name/rawValue``
    package var name: String
    package var jobID: String
    package var jobARN: String
    package var status: String
    package var failureCodes: [String]
    package var statusChangeReasons: [String]
    /// What CloudTrail would number it: a UUID.
    package var eventID: String
    /// 32 hexadecimal digits.
    package var jobEventID: String

    package init(
        id: String, account: String, region: String, time: Timestamp, name: String, jobID: String, jobARN: String,
        status: String, failureCodes: [String], statusChangeReasons: [String], eventID: String, jobEventID: String
    ) {
        self.id = id
        self.account = account
        self.region = region
        self.time = time
        self.name = name
        self.jobID = jobID
        self.jobARN = jobARN
        self.status = status
        self.failureCodes = failureCodes
        self.statusChangeReasons = statusChangeReasons
        self.eventID = eventID
        self.jobEventID = jobEventID
    }
}

extension EventBridgeMessage {
    private static let jobService = "s3.amazonaws.com"

    package static func write(_ event: JobEvent) -> [UInt8] {
        var json = JSONWriter()
        json.openObject()
        json.member("version", "0")
        json.member("id", self.uuid(event.id))
        json.member("detail-type", "AWS Service Event via CloudTrail")
        json.member("source", "aws.s3")
        json.member("account", event.account)
        json.member("time", self.seconds(event.time))
        json.member("region", event.region)
        json.name("resources")
        json.openArray()
        json.closeArray()
        json.openObject("detail")
        json.member("eventVersion", "1.05")
        json.openObject("userIdentity")
        json.member("accountId", event.account)
        json.member("invokedBy", self.jobService)
        json.closeObject()
        json.member("eventTime", self.seconds(event.time))
        json.member("eventSource", self.jobService)
        json.member("eventName", event.name)
        json.member("awsRegion", event.region)
        json.member("sourceIPAddress", self.jobService)
        json.member("userAgent", self.jobService)
        json.member("eventID", event.eventID)
        json.name("readOnly")
        json.boolean(false)
        json.member("eventType", "AwsServiceEvent")
        json.openObject("serviceEventDetails")
        json.member("jobId", event.jobID)
        json.member("jobArn", event.jobARN)
        json.member("status", event.status)
        json.member("jobEventId", event.jobEventID)
        self.write(event.failureCodes, as: "failureCodes", to: &json)
        self.write(event.statusChangeReasons, as: "statusChangeReason", to: &json)
        json.closeObject()
        json.closeObject()
        json.closeObject()
        return json.bytes
    }

    private static func write(_ texts: [String], as name: String, to json: inout JSONWriter) {
        json.name(name)
        json.openArray()
        for text in texts { json.string(text) }
        json.closeArray()
    }
}
