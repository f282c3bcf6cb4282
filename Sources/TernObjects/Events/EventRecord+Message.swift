import Crypto
import FoundationEssentials
package import TernCore
package import TernRecords
package import TernS3Protocol

extension EventRecord {
    /// The event's ID: the same for each repetition, another for each other event (TGT-2). 32 hexadecimal digits.
    package var eventID: String {
        var bytes: [UInt8] = self.version.versionID.newestFirstBytes
        bytes.append(bigEndian: self.stamp)
        bytes.append(bigEndian: self.type)
        bytes.append(contentsOf: self.target.utf8)
        bytes.append(0)
        bytes.append(contentsOf: self.configurationID.utf8)
        bytes.append(0)
        bytes.append(contentsOf: self.replication.ruleID.utf8)
        bytes.append(0)
        bytes.append(contentsOf: self.bucket.utf8)
        return Array(SHA256.hash(data: bytes).prefix(16)).lowercaseHex
    }

    /// What the message tells of; `nil` for the test message, and for a type that this version does not know.
    ///
    /// - Parameter bucketOwnerID: The canonical ID of the bucket's owner.
    package func event(region: RegionName, bucketOwnerID: String) -> S3Event? {
        guard let type = S3EventType(rawValue: UInt8(clamping: self.type)) else { return nil }
        var event = S3Event(
            type: type, time: Timestamp(milliseconds: self.timeMs), region: region.description, bucket: self.bucket,
            bucketAccount: self.bucketOwner, bucketOwnerID: bucketOwnerID, configurationID: self.configurationID,
            id: self.eventID, key: ObjectKey(trusted: Array(self.key)))
        if self.hasByteCount { event.byteCount = self.byteCount }
        event.etag = Self.present(self.etag)
        if self.showsVersion { event.versionID = self.version.versionID.wireForm }
        if self.sequencer != 0 { event.sequencer = HybridTimestamp(rawValue: self.sequencer) }
        event.principalID = Self.present(self.principal)
        event.sourceAddress = Self.present(self.sourceAddress)
        event.requestID = Self.present(self.requestID)
        event.hostID = Self.present(self.hostID)
        event.requester = Self.present(self.requester)
        event.reason = Self.present(self.reason)
        if self.hasReplication {
            event.replication = S3Event.ReplicationData(
                ruleID: self.replication.ruleID, destinationBucket: self.replication.destinationBucket,
                operation: self.replication.operation,
                requested: Timestamp(milliseconds: self.replication.requestMs),
                failureReason: Self.present(self.replication.failureReason))
        }
        if type == .lifecycleTransition { event.transitionClass = self.storageClass }
        if self.restoreExpiresMs != 0 {
            event.restore = S3Event.RestoreData(
                expires: Timestamp(milliseconds: self.restoreExpiresMs), storageClass: self.storageClass)
        }
        return event
    }

    private static func present(_ text: String) -> String? { text.isEmpty ? nil : text }
}
