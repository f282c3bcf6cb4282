import Logging
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

/// What every worker needs.
struct EventDeliveryContext: Sendable {
    let service: ObjectService
    let identities: any IdentityStore
    let wall: any WallClock
    let random: any RandomSource
    let logger: Logger

    /// The message of an event; `nil` for a type that this version does not know.
    func message(for record: EventRecord) async -> EventMessage? {
        let id = record.eventID
        if let job = record.jobEvent(region: self.service.region) {
            return EventMessage(
                id: id, job: job, body: EventBridgeMessage.write(job), target: record.target,
                account: record.bucketOwner)
        }
        let isTest = record.type == EventRecord.testType
        let owner = await self.identities.account(AccountID(trusted: record.bucketOwner))?.canonicalID
        let event = record.event(region: self.service.region, bucketOwnerID: owner ?? record.bucketOwner)
        let body: [UInt8]
        if isTest {
            body = S3EventMessage.test(
                bucket: record.bucket, time: Timestamp(milliseconds: record.timeMs),
                requestID: record.requestID.isEmpty ? String(id.prefix(16)).uppercased() : record.requestID,
                hostID: record.hostID.isEmpty ? id : record.hostID)
        } else if let event {
            body =
                record.target == NotificationRules.eventBridgeTarget
                ? EventBridgeMessage.write(event) : S3EventMessage.records(event)
        } else {
            return nil
        }
        return EventMessage(
            id: id, event: event, body: body, target: record.target, bucket: record.bucket,
            account: record.bucketOwner, traceHeader: record.traceHeader)
    }
}
