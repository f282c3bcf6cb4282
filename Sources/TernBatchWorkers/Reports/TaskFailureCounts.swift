import TernBatch
package import TernControlPlane
package import TernS3Protocol
package import TernStorage

/// Why tasks of a job failed, as far as they have their results: what its report will say, counted.
package struct TaskFailureCounts: Hashable, Sendable {
    /// By error code.
    package var counts: [String: Int64] = [:]
    /// Whether not all results were looked at.
    package var isPartial = false

    /// - Parameter rows: Rows of results that are looked at, of up to 1,000 results each.
    package static func read(
        of job: JobStore.Job, in metadata: any MetadataStore, rows: Int
    ) async throws(S3Error) -> TaskFailureCounts {
        let results = JobRows(metadata: metadata, partition: job.partition)
        var found = TaskFailureCounts()
        var last: [UInt8]?
        for _ in 0..<rows {
            guard let page = try await results.results(after: last) else { return found }
            for (_, result) in page.results where !result.isSuccess {
                found.counts[result.errorCode, default: 0] += 1
            }
            last = page.last
        }
        found.isPartial = true
        return found
    }
}
