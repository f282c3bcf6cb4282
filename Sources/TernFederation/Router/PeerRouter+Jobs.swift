import TernCore
import TernPorts
import TernS3Protocol

/// Why tasks of a job failed, as far as they have their results.
package struct JobFailureSummary: Sendable {
    /// By error code.
    package var counts: [String: Int64]
    /// Whether not all results were looked at.
    package var isPartial: Bool

    package init(counts: [String: Int64], isPartial: Bool) {
        self.counts = counts
        self.isPartial = isPartial
    }
}

/// What operators ask of jobs.
extension PeerRouter {
    func tellJobFailures(_ target: RequestTarget) async throws -> HTTPAnswer {
        guard let jobFailures = self.jobFailures else { return Self.text(404, "this region runs no jobs") }
        guard let id = target["job"], !id.isEmpty else { return Self.text(400, "the ID of a job is needed") }
        guard let found = try await jobFailures(id) else { return Self.text(404, "there is no such job") }
        var json = JSONText()
        json.object { json in
            json.object("counts") { json in
                for (code, count) in found.counts.sorted(by: { $0.key < $1.key }) { json.member(code, count) }
            }
            json.member("partial", found.isPartial)
        }
        return Self.json(json.text)
    }
}
