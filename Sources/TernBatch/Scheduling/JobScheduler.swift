package import TernCore

/// Decides which jobs run: a pure function of those that there are.
///
/// For each account, and apart for jobs of Batch Replication and all others, the most urgent ones have a place. A job of
/// equal priority never takes the place of one that runs (spec rules BR-SC-1 to BR-SC-3).
package struct JobScheduler: Sendable {
    /// A job as the scheduler sees it.
    package struct Candidate: Hashable, Sendable {
        package var id: String
        package var account: AccountID
        package var isReplication: Bool
        package var priority: Int
        package var created: Timestamp
        package var status: JobStatus

        package init(
            id: String, account: AccountID, isReplication: Bool, priority: Int, created: Timestamp, status: JobStatus
        ) {
            self.id = id
            self.account = account
            self.isReplication = isReplication
            self.priority = priority
            self.created = created
            self.status = status
        }
    }

    /// What is to happen to which job.
    package struct Decision: Hashable, Sendable {
        package var scheduled: [String] = []
        package var displaced: [String] = []

        package init(scheduled: [String] = [], displaced: [String] = []) {
            self.scheduled = scheduled
            self.displaced = displaced
        }
    }

    /// Jobs of Batch Replication that may be Active at once, for each account (spec rule BR-SC-1).
    package var replicationJobs: Int
    /// Jobs of all other operations that may be Active at once, for each account.
    package var otherJobs: Int

    package init(replicationJobs: Int = 6, otherJobs: Int = 6) {
        self.replicationJobs = max(1, replicationJobs)
        self.otherJobs = max(1, otherJobs)
    }

    private struct Group: Hashable {
        var account: AccountID
        var isReplication: Bool
    }

    package func decide(_ candidates: [Candidate]) -> Decision {
        var decision = Decision()
        for (group, members) in Dictionary(
            grouping: candidates.filter(\.status.isSchedulable),
            by: { Group(account: $0.account, isReplication: $0.isReplication) })
        {
            let places = group.isReplication ? self.replicationJobs : self.otherJobs
            let wanted = members.filter { $0.status != .pausing }.sorted(by: Self.precedes)
            // A job that is pausing still has tasks under way, and with them its place.
            var free = places - members.count { $0.status == .pausing || $0.status == .active }
            for job in wanted.dropFirst(places) where job.status == .active { decision.displaced.append(job.id) }
            for job in wanted.prefix(places) where job.status != .active && free > 0 {
                decision.scheduled.append(job.id)
                free -= 1
            }
        }
        decision.scheduled.sort()
        decision.displaced.sort()
        return decision
    }

    /// The more urgent first; of equals those that run, then the older.
    private static func precedes(_ left: Candidate, _ right: Candidate) -> Bool {
        if left.priority != right.priority { return left.priority > right.priority }
        let leftRuns = left.status == .active
        if leftRuns != (right.status == .active) { return leftRuns }
        if left.created != right.created { return left.created < right.created }
        return left.id < right.id
    }
}
