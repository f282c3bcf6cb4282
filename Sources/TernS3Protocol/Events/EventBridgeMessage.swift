package import TernCore

/// Events as the EventBridge has them (spec s3-api NTF-26).
package enum EventBridgeMessage {
    /// The name of an event that the server made by itself.
    private static let service = "s3.amazonaws.com"

    package static func write(_ event: S3Event) -> [UInt8] {
        var json = JSONWriter()
        json.openObject()
        json.member("version", "0")
        json.member("id", self.uuid(event.id))
        json.member("detail-type", event.type.detailType ?? event.type.name)
        json.member("source", "aws.s3")
        json.member("account", event.bucketAccount)
        json.member("time", self.seconds(event.time))
        json.member("region", event.region)
        json.name("resources")
        json.openArray()
        json.string(event.bucketARN)
        json.closeArray()
        json.name("detail")
        json.raw(self.detail(event))
        json.closeObject()
        return json.bytes
    }

    /// The part of it that PutEvents calls `Detail`.
    package static func detail(_ event: S3Event) -> [UInt8] {
        var json = JSONWriter()
        json.openObject()
        json.member("version", "0")
        json.openObject("bucket")
        json.member("name", event.bucket)
        json.closeObject()
        json.openObject("object")
        json.name("key")
        json.string(utf8: event.key.bytes)
        if let byteCount = event.byteCount { json.member("size", byteCount) }
        json.member("etag", ifPresent: event.etag)
        json.member("version-id", ifPresent: event.versionID)
        json.member("sequencer", ifPresent: event.sequencerText)
        json.closeObject()
        json.member("request-id", event.requestIDOrOwn)
        json.member("requester", event.requester ?? self.service)
        json.member("source-ip-address", ifPresent: event.sourceAddress)
        json.member("reason", ifPresent: event.reason)
        json.member("deletion-type", ifPresent: self.deletionType(event.type))
        if let restore = event.restore {
            if event.type == .objectRestoreCompleted {
                json.member("restore-expiry-time", self.seconds(restore.expires))
            }
            json.member("source-storage-class", restore.storageClass)
        }
        json.member("destination-storage-class", ifPresent: event.transitionClass)
        json.closeObject()
        return json.bytes
    }

    private static func deletionType(_ type: S3EventType) -> String? {
        switch type {
        case .objectRemovedDelete, .lifecycleExpirationDelete: "Permanently Deleted"
        case .objectRemovedDeleteMarkerCreated, .lifecycleExpirationDeleteMarkerCreated: "Delete Marker Created"
        default: nil
        }
    }

    /// Without a fraction.
    package static func seconds(_ time: Timestamp) -> String {
        "\(time.iso8601.prefix(19))Z"
    }

    /// 32 hexadecimal digits in the form of a UUID.
    package static func uuid(_ digits: String) -> String {
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(digit)
        }
        return text
    }
}
