package import TernBatch
package import TernStorage

/// Tells of jobs by rows of the directory's partition, which are written in the commit that they tell of: an event is
/// never lost, and never told of what did not happen (batch-replication §9).
package protocol JobEventRows: Sendable {
    /// The rows for a status that the job enters: New when it is created.
    func rows(for job: JobStore.Job, entering status: JobStatus) throws(JobStoreError) -> [KeyValue]

    /// Does the commit that stores the rows.
    ///
    /// - Parameter commit: `false` when it was not made. After an error nobody knows whether it was.
    /// - Throws: What `commit` throws; ``JobStoreError/storage(_:)`` where it is not tried.
    func store(
        _ rows: [KeyValue], by commit: () async throws(JobStoreError) -> Bool
    ) async throws(JobStoreError) -> Bool
}
