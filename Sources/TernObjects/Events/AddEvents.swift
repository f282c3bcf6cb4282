import FoundationEssentials
import TernCore
import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage

extension ObjectService {
    /// Adds the event of a change to the commit that makes it, once for each place that the bucket's notification
    /// configuration names. An acknowledged change whose event is wanted has it, whatever happens then.
    ///
    /// Nearly always there is nothing to do, and this is one look at the bucket.
    ///
    /// - Parameters:
    ///   - record: The version that it is about, as it is after the change; as it was, if it is removed.
    ///   - stamp: When the change is made; the events of a key are sent in this order. For an event that lies ahead, the
    ///     time when it comes.
    ///   - complete: Adds what only this type of event has.
    func addEvent(
        _ type: S3EventType, of record: VersionRecord, key: ObjectKey, in bucket: BucketState, cause: EventCause,
        stamp: @autoclosure () -> HybridTimestamp, to batch: inout MetadataBatch,
        complete: (inout EventRecord) -> Void = { _ in }
    ) throws(S3Error) -> AddedEvents {
        guard let rules = bucket.features.notifications, rules.mayWant(type) else { return AddedEvents() }
        var added = AddedEvents()
        try rules.forEachDestination(of: type, key: key) { rule throws(S3Error) in
            let stamp = stamp()
            var event = self.event(type, of: record, key: key, in: bucket, cause: cause, stamp: stamp)
            complete(&event)
            event.target = rule?.arn ?? NotificationRules.eventBridgeTarget
            event.configurationID = rule?.id ?? ""
            let row = Keyspace.event(
                target: EventTargetHash(event.target), stamp: stamp, unique: self.clock.randomBits())
            batch.put(row, try encodeRecord(event))
            added.events.append(AddedEvents.Added(target: event.target, row: row))
        }
        return added
    }

    /// What all events have in common.
    private func event(
        _ type: S3EventType, of record: VersionRecord, key: ObjectKey, in bucket: BucketState, cause: EventCause,
        stamp: HybridTimestamp
    ) -> EventRecord {
        var event = EventRecord()
        event.type = UInt32(type.rawValue)
        event.bucket = bucket.name
        event.bucketOwner = bucket.record.owner
        event.key = .init(key.bytes)
        event.version = record.id
        event.showsVersion = bucket.versioning != .never && !record.isNull
        event.timeMs = stamp.milliseconds
        event.stamp = stamp.rawValue
        if type.tellsSize { event.byteCount = record.byteCount }
        if type.tellsETag { event.etag = record.isDeleteMarker ? Self.emptyETag : record.etag }
        event.sequencer = type.sequencer(created: record.versionID.stamp, changed: stamp)?.rawValue ?? 0
        if let requester = cause.origin?.eventRequester {
            event.principal = requester.principalID
            event.sourceAddress = requester.sourceAddress
            event.requestID = requester.requestID
            event.hostID = requester.hostID
            event.requester = requester.requester
            event.traceHeader = requester.traceHeader
        }
        event.reason = type.reason(of: cause.operation)
        return event
    }

    /// NTF-22: of nothing.
    private static let emptyETag = "d41d8cd98f00b204e9800998ecf8427e"

    /// The event of a version, or delete marker, that is created as the current one.
    func addCreationEvent(
        of record: VersionRecord, key: ObjectKey, in bucket: BucketState, cause: EventCause,
        to batch: inout MetadataBatch
    ) throws(S3Error) -> AddedEvents {
        if bucket.features.notifications == nil { return AddedEvents() }
        let type: S3EventType =
            if record.isDeleteMarker {
                cause.operation == .lifecycle
                    ? .lifecycleExpirationDeleteMarkerCreated : .objectRemovedDeleteMarkerCreated
            } else {
                switch cause.operation {
                case .postObject: .objectCreatedPost
                case .copyObject: .objectCreatedCopy
                case .completeMultipartUpload: .objectCreatedCompleteMultipartUpload
                // a replica too, whatever its source was made by.
                case .putObject, .other, .lifecycle, .replication: .objectCreatedPut
                }
            }
        return try self.addEvent(
            type, of: record, key: key, in: bucket, cause: cause,
            // A replica's own stamp is that of its source; it is told of in the order of its arrival.
            stamp: cause.operation == .replication ? self.clock.stamp() : record.versionID.stamp, to: &batch)
    }

    /// The event of a change of an attribute: of tags, which are there afterwards or not, or of an ACL that is another
    /// now. Retention and legal hold make none.
    func addAttributeEvent(
        of attribute: VersionChange.Attribute, in record: VersionRecord, before: VersionRecord, key: ObjectKey,
        bucket: BucketState, cause: EventCause, stamp: HybridTimestamp, to batch: inout MetadataBatch
    ) throws(S3Error) -> AddedEvents {
        let type: S3EventType
        switch attribute {
        case .tags: type = record.tags.isEmpty ? .objectTaggingDelete : .objectTaggingPut
        case .acl:
            if before.hasAcl == record.hasAcl, before.acl == record.acl { return AddedEvents() }
            type = .objectAclPut
        case .retention, .legalHold: return AddedEvents()
        }
        return try self.addEvent(
            type, of: record, key: key, in: bucket, cause: cause, stamp: stamp, to: &batch)
    }

    /// The event of a version that is removed for good.
    func addRemovalEvent(
        of record: VersionRecord, key: ObjectKey, in bucket: BucketState, cause: EventCause,
        to batch: inout MetadataBatch
    ) throws(S3Error) -> AddedEvents {
        try self.addEvent(
            cause.operation == .lifecycle ? .lifecycleExpirationDelete : .objectRemovedDelete, of: record, key: key,
            in: bucket, cause: cause, stamp: self.clock.stamp(after: record.versionID.stamp), to: &batch)
    }
}

extension S3EventType {
    /// NTF-22, NTF-23
    fileprivate var tellsSize: Bool {
        switch self {
        case .objectRemovedDelete, .objectRemovedDeleteMarkerCreated, .lifecycleExpirationDelete,
            .lifecycleExpirationDeleteMarkerCreated, .objectTaggingPut, .objectTaggingDelete, .objectAclPut:
            false
        default: true
        }
    }

    /// NTF-22
    fileprivate var tellsETag: Bool {
        switch self {
        case .objectRemovedDelete, .lifecycleExpirationDelete: false
        default: true
        }
    }

    /// NTF-23: of what is created, the version's own stamp, so that every region and repetition tells the same.
    fileprivate func sequencer(created: HybridTimestamp, changed: HybridTimestamp) -> HybridTimestamp? {
        switch self {
        case .objectCreatedPut, .objectCreatedPost, .objectCreatedCopy, .objectCreatedCompleteMultipartUpload,
            .objectRemovedDeleteMarkerCreated, .replicationFailed, .replicationMissedThreshold,
            .replicationReplicatedAfterThreshold, .replicationNotTracked:
            created
        case .objectRemovedDelete: changed
        default: nil
        }
    }

    /// NTF-26: what the EventBridge gives as the reason of creations and deletions.
    fileprivate func reason(of operation: EventCause.Operation) -> String {
        switch self {
        case .objectCreatedPut, .objectCreatedPost, .objectCreatedCopy, .objectCreatedCompleteMultipartUpload:
            switch operation {
            case .postObject: "POST Object"
            case .copyObject: "CopyObject"
            case .completeMultipartUpload: "CompleteMultipartUpload"
            case .putObject, .other, .lifecycle, .replication: "PutObject"
            }
        case .objectRemovedDelete, .objectRemovedDeleteMarkerCreated: "DeleteObject"
        case .lifecycleExpirationDelete, .lifecycleExpirationDeleteMarkerCreated: "Lifecycle Expiration"
        default: ""
        }
    }
}
