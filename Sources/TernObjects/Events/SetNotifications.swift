import FoundationEssentials
import TernCore
import TernRecords
package import TernS3Protocol
import TernStorage

extension ObjectService {
    /// Stores a notification configuration that was found valid, with a test message to each topic and queue that it
    /// names (NTF-6), in one commit.
    ///
    /// Source: Amazon S3 API Reference, PutBucketNotificationConfiguration.
    package func setNotifications(
        _ configuration: NotificationConfigurationXML, of bucketName: String, cause: EventCause
    ) async throws(S3Error) {
        try await self.changeBucket(bucketName) { bucket, batch throws(S3Error) in
            try self.addTestMessages(to: configuration, of: bucket, cause: cause, to: &batch)
        } _: { record throws(S3Error) in
            record.documents.removeAll { $0.name == BucketDocument.notification.rawValue }
            guard let document = configuration.document else { return }
            var entry = ConfigurationDocument()
            entry.name = BucketDocument.notification.rawValue
            entry.document = .init(document)
            record.documents.append(entry)
        }
    }

    private func addTestMessages(
        to configuration: NotificationConfigurationXML, of bucket: BucketState, cause: EventCause,
        to batch: inout MetadataBatch
    ) throws(S3Error) -> AddedEvents {
        var added = AddedEvents()
        var seen: Set<String> = []
        for destination in configuration.destinations where destination.kind != .function {
            guard seen.insert(destination.arn).inserted else { continue }
            let stamp = self.clock.stamp()
            var event = EventRecord()
            event.type = EventRecord.testType
            event.target = destination.arn
            event.bucket = bucket.name
            event.bucketOwner = bucket.record.owner
            event.timeMs = stamp.milliseconds
            event.stamp = stamp.rawValue
            if let requester = cause.origin?.eventRequester {
                event.requestID = requester.requestID
                event.hostID = requester.hostID
            }
            let row = Keyspace.event(
                target: EventTargetHash(event.target), stamp: stamp, unique: self.clock.randomBits())
            batch.put(row, try encodeRecord(event))
            added.events.append(AddedEvents.Added(target: event.target, row: row))
        }
        return added
    }

    /// Why the destinations of a configuration cannot be used, each with its ARN (NTF-3, NTF-7).
    ///
    /// - Parameter isChecked: Whether the client wants to know about those that do not exist, or do not permit it.
    package func faults(
        of configuration: NotificationConfigurationXML, for bucket: BucketState, isChecked: Bool
    ) -> [(arn: String, reason: String)] {
        var faults: [(arn: String, reason: String)] = []
        for destination in configuration.destinations {
            let noun = destination.kind.noun
            if destination.isFIFO {
                faults.append((destination.arn, "FIFO \(noun)s are not supported as destinations"))
                continue
            }
            guard isChecked else { continue }
            switch self.mayUse(destination.arn, bucket: bucket) {
            case nil: faults.append((destination.arn, "The destination \(noun) does not exist"))
            case false?:
                faults.append(
                    (
                        destination.arn,
                        "Permissions on the destination \(noun) do not allow S3 to publish notifications from this bucket"
                    ))
            case true?: break
            }
        }
        if isChecked, configuration.rules.sendsToEventBridge,
            self.mayUse(NotificationRules.eventBridgeTarget, bucket: bucket) != true
        {
            faults.append(("EventBridge", "This region has no target for the EventBridge"))
        }
        return faults
    }

    /// `nil` for a target that does not exist.
    private func mayUse(_ target: String, bucket: BucketState) -> Bool? {
        guard let accounts = self.options.eventTargets[target] else { return nil }
        return accounts?.contains(bucket.record.owner) ?? true
    }
}

extension EventRecord {
    /// ``EventRecord/type`` of the message that tells a destination that it is one.
    package static let testType: UInt32 = 255
}
