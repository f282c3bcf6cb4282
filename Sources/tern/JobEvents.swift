import TernBatch
import TernControlPlane
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol
import TernStorage

/// Queues what is to be told of jobs among the events of the region.
struct JobEvents: JobEventRows {
    let service: ObjectService
    let random: any RandomSource

    func rows(for job: JobStore.Job, entering status: JobStatus) throws(JobStoreError) -> [KeyValue] {
        var event = JobEventRecord()
        event.name = (status == .new ? JobEvent.Name.created : .statusChanged).rawValue
        event.jobID = job.id
        event.jobArn = job.arn
        event.status = status.rawValue
        if status == .failing || status == .failed { event.failureCodes = job.state.failures.map(\.code) }
        if let reason = job.state.statusReason { event.statusChangeReasons = [reason] }
        event.eventID = RandomUUID.make(self.random)
        event.jobEventID = RandomUUID.make(self.random).replacing("-", with: "")
        do throws(S3Error) {
            return try self.service.jobEvent(event, of: job.account).map { [$0] } ?? []
        } catch {
            throw .damaged("the event of job \(job.id): \(error.message)")
        }
    }

    func store(
        _ rows: [KeyValue], by commit: () async throws(JobStoreError) -> Bool
    ) async throws(JobStoreError) -> Bool {
        do throws(S3Error) {
            try await self.service.makeRoomForEventDoubts()
        } catch {
            throw .storage(error.message)
        }
        return try await self.service.addJobEvents(rows, by: commit)
    }
}
