package import TernBatch
package import TernStorage

/// Tells of jobs by rows of the directory's partition, which are written in the commit that they tell of: an event is
/// never lost, and never told of what did not happen (batch-replication §9).
package protocol JobEventRows: Sendable {
    /// The rows for a status that the job enters: New when it is created.
    func rows(for job: JobStore.Job, entering status: JobStatus) throws(JobStoreError) -> [KeyValue]

    /// The rows are stored.
    func committed(_ rows: [KeyValue])
}
