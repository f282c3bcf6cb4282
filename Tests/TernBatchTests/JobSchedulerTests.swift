import TernBatch
import TernCore
import Testing

@Suite("Places of jobs")
struct JobSchedulerTests {
    private static let account = AccountID("111122223333")
    private static let other = AccountID("444455556666")

    private static func job(
        _ id: String, _ status: JobStatus, priority: Int = 10, age: Int64 = 0, isReplication: Bool = true,
        account: AccountID? = nil
    ) throws -> JobScheduler.Candidate {
        JobScheduler.Candidate(
            id: id, account: try #require(account ?? Self.account), isReplication: isReplication, priority: priority,
            created: Timestamp(milliseconds: -age), status: status)
    }

    @Test("BR-SC-1: six jobs of Batch Replication of an account are Active, whatever their buckets")
    func places() throws {
        let jobs = try (0..<8).map { try Self.job("\($0)", .ready, age: Int64(10 - $0)) }
        #expect(JobScheduler().decide(jobs).scheduled == ["0", "1", "2", "3", "4", "5"])
    }

    @Test("BR-SC-1: other accounts and other operations have places of their own")
    func groups() throws {
        let active = try (0..<6).map { try Self.job("\($0)", .active) }
        let more = [
            try Self.job("x", .ready, account: Self.other), try Self.job("y", .ready, isReplication: false),
            try Self.job("z", .ready),
        ]
        #expect(JobScheduler().decide(active + more) == JobScheduler.Decision(scheduled: ["x", "y"]))
    }

    @Test("BR-SC-2: a more urgent job displaces the least urgent one, and starts when that has paused")
    func preemption() throws {
        let scheduler = JobScheduler(replicationJobs: 2)
        let urgent = try Self.job("u", .ready, priority: 50)
        let first = scheduler.decide([try Self.job("a", .active, priority: 20), try Self.job("b", .active), urgent])
        #expect(first == JobScheduler.Decision(displaced: ["b"]))
        let second = scheduler.decide([try Self.job("a", .active, priority: 20), try Self.job("b", .pausing), urgent])
        #expect(second == JobScheduler.Decision())
        let third = scheduler.decide([try Self.job("a", .active, priority: 20), try Self.job("b", .paused), urgent])
        #expect(third == JobScheduler.Decision(scheduled: ["u"]))
    }

    @Test("BR-SC-2: equal priority never displaces, and of equals the older comes first")
    func equals() throws {
        let scheduler = JobScheduler(replicationJobs: 1)
        let running = try Self.job("new", .active, age: 1)
        #expect(scheduler.decide([running, try Self.job("old", .ready, age: 9)]) == JobScheduler.Decision())
        let waiting = [try Self.job("new", .ready, age: 1), try Self.job("old", .ready, age: 9)]
        #expect(scheduler.decide(waiting).scheduled == ["old"])
    }

    @Test("BR-SC-3: a change of priority displaces and resumes at once")
    func change() throws {
        let scheduler = JobScheduler(replicationJobs: 1)
        let swapped = [try Self.job("a", .active, priority: 1), try Self.job("b", .paused, priority: 2)]
        #expect(scheduler.decide(swapped) == JobScheduler.Decision(displaced: ["a"]))
        #expect(scheduler.decide([try Self.job("b", .paused, priority: 2)]).scheduled == ["b"])
    }

    @Test("BR-SC-2: ended and unprepared jobs take no place")
    func others() throws {
        let scheduler = JobScheduler(replicationJobs: 1)
        for status in JobStatus.allCases where !status.isSchedulable {
            let jobs = [try Self.job("a", status, priority: 99), try Self.job("b", .ready)]
            #expect(scheduler.decide(jobs) == JobScheduler.Decision(scheduled: ["b"]))
        }
    }
}
