import TernBatch
import TernCore
import Testing

@Suite("Life of a job")
struct JobStateTests {
    private static let start = Timestamp(milliseconds: 1_772_445_600_000)

    private static func job(needsConfirmation: Bool = false) -> JobState {
        JobState(priority: 10, needsConfirmation: needsConfirmation, created: Self.start)
    }

    private static func at(_ seconds: Int64) -> Timestamp { Self.start + .seconds(seconds) }

    @Test("BR-ST-1: only edges of the graph are taken, and terminal statuses are never left, whatever happens")
    func edges() {
        let events: [JobState.Event] = [
            .taken, .prepared(tasks: 3), .confirmed(reason: nil), .cancelRequested(reason: "x"), .scheduled,
            .displaced, .tasksFinished, .failed(.reportNotWritten), .settled,
        ]
        var reached: Set<JobStatus> = [.new]
        var open = [Self.job(), Self.job(needsConfirmation: true)]
        while let job = open.popLast() {
            for event in events {
                var next = job
                do throws(JobState.IllegalTransition) {
                    let entered = try next.apply(event, at: Self.at(1))
                    var previous = job.status
                    for status in entered {
                        #expect(previous.successors.contains(status), "\(previous) to \(status) by \(event)")
                        previous = status
                    }
                    #expect(previous == next.status)
                    if !entered.isEmpty, !reached.contains(next.status) || next.status == .ready {
                        if reached.insert(next.status).inserted { open.append(next) }
                    }
                } catch {
                    #expect(next == job)
                }
                if job.status.isTerminal { #expect(next.status == job.status) }
            }
        }
        #expect(reached == Set(JobStatus.allCases))
    }

    @Test("BR-ST-2, BR-CJ-1: a job that needs it waits for confirmation, with its number of tasks, and says why")
    func confirmation() throws {
        var job = Self.job(needsConfirmation: true)
        _ = try job.apply(.taken, at: Self.at(1))
        #expect(try job.apply(.prepared(tasks: 7), at: Self.at(2)) == [.suspended])
        #expect(job.progress == JobProgress(total: 7))
        #expect(job.suspended == Self.at(2))
        #expect(try job.apply(.confirmed(reason: "go"), at: Self.at(3)) == [.ready])
        #expect(job.suspended == nil)
        #expect(job.statusReason == "go")
    }

    @Test("BR-ST-3: who is not confirmed within 30 days fails")
    func confirmationTime() throws {
        var job = Self.job(needsConfirmation: true)
        _ = try job.apply(.taken, at: Self.at(0))
        _ = try job.apply(.prepared(tasks: 1), at: Self.at(0))
        #expect(!job.isConfirmationOverdue(at: Self.at(30 * 86400)))
        #expect(job.isConfirmationOverdue(at: Self.at(30 * 86400 + 1)))
        #expect(try job.apply(.failed(.notConfirmed), at: Self.at(30 * 86400 + 1)) == [.failed])
        #expect(job.failures == [.notConfirmed])
    }

    @Test("BR-ST-4, BR-ST-5: the end has a date, and is forgotten 90 days after it")
    func retention() throws {
        var job = Self.job()
        for event: JobState.Event in [.taken, .prepared(tasks: 0), .scheduled, .tasksFinished] {
            _ = try job.apply(event, at: Self.at(1))
            #expect(job.terminated == nil)
        }
        #expect(try job.apply(.settled, at: Self.at(2)) == [.complete])
        #expect(job.terminated == Self.at(2))
        #expect(!job.isForgotten(at: Self.at(2 + 90 * 86400)))
        #expect(job.isForgotten(at: Self.at(3 + 90 * 86400)))
    }

    @Test("BR-SC-4: only the time in Active counts")
    func activeTime() throws {
        var job = Self.job()
        _ = try job.apply(.taken, at: Self.at(0))
        _ = try job.apply(.prepared(tasks: 2), at: Self.at(10))
        _ = try job.apply(.scheduled, at: Self.at(20))
        #expect(job.activeSeconds(at: Self.at(25)) == 5)
        _ = try job.apply(.displaced, at: Self.at(30))
        _ = try job.apply(.settled, at: Self.at(31))
        #expect(job.status == .paused)
        #expect(job.activeSeconds(at: Self.at(100)) == 10)
        _ = try job.apply(.scheduled, at: Self.at(100))
        #expect(job.activeSeconds(at: Self.at(103)) == 13)
    }

    @Test(
        "BR-US-1, BR-ST-6: what a cancellation answers in each status",
        arguments: [
            (JobStatus.new, JobStatus.cancelling as JobStatus?), (.preparing, .cancelling), (.suspended, .cancelled),
            (.ready, .cancelled), (.active, .cancelling), (.pausing, .cancelling), (.paused, .cancelled),
            (.completing, .cancelling), (.cancelling, .cancelling), (.complete, nil), (.cancelled, nil), (.failed, nil),
            (.failing, nil),
        ])
    func cancellation(status: JobStatus, answer: JobStatus?) throws {
        var job = Self.job()
        job.status = status
        guard let answer else {
            #expect(throws: JobState.IllegalTransition.self) {
                try job.apply(.cancelRequested(reason: "stop"), at: Self.at(1))
            }
            return
        }
        _ = try job.apply(.cancelRequested(reason: "stop"), at: Self.at(1))
        #expect(job.status == answer)
        #expect(job.statusReason == "stop")
    }

    @Test("BR-RP-1, BR-ST-6: a paused job with results is cancelled after its report is written")
    func cancelPaused() throws {
        var job = Self.job()
        job.status = .paused
        job.progress = JobProgress(total: 5, succeeded: 1)
        #expect(try job.apply(.cancelRequested(reason: nil), at: Self.at(1)) == [.cancelling])
        #expect(try job.apply(.settled, at: Self.at(2)) == [.cancelled])
    }

    @Test("BR-US-1: Ready is for suspended jobs alone", arguments: JobStatus.allCases)
    func ready(status: JobStatus) {
        var job = Self.job()
        job.status = status
        if status == .suspended {
            #expect(throws: Never.self) { try job.apply(.confirmed(reason: nil), at: Self.at(1)) }
        } else {
            #expect(throws: JobState.IllegalTransition.self) { try job.apply(.confirmed(reason: nil), at: Self.at(1)) }
        }
    }

    @Test(
        "BR-TH-1: the share of failures counts from the thousandth task, and half is not too many",
        arguments: [
            (Int64(0), Int64(999), false), (499, 501, true), (500, 500, false), (0, 1000, true), (1000, 1000, false),
            (1000, 1001, true), (5000, 4000, false),
        ])
    func threshold(succeeded: Int64, failed: Int64, exceeds: Bool) {
        let progress = JobProgress(total: 100_000, succeeded: succeeded, failed: failed)
        #expect(progress.exceedsFailureThreshold == exceeds)
    }
}

@Suite("Trying again")
struct RetryTests {
    @Test("TD-8: five attempts of a task, with growing delays")
    func attempts() {
        let delays = (1...5).map { TaskRetry.delay(afterAttempts: $0, jitter: 1) }
        #expect(
            delays == [.milliseconds(500), .milliseconds(1000), .milliseconds(2000), .milliseconds(4000), nil])
        #expect(TaskRetry.delay(afterAttempts: 1, jitter: 0) == .milliseconds(250))
    }

    @Test(
        "What may be another answer next time",
        arguments: [
            (200, "TemporaryFailure", true), (200, "PermanentFailure", false), (503, "SlowDown", true),
            (500, "InternalError", true), (500, "SrcObjectNotEligible", false), (403, "AccessDenied", false),
            (429, "TooManyRequestsException", true), (500, "ServiceException", true), (502, "FunctionRefused", true),
            (400, "FunctionRefused", false), (502, "FunctionTLSFailure", false), (503, "FunctionUnreachable", true),
            (504, "FunctionTimeout", true), (502, "FunctionConnectionBroken", true),
            (200, "InvalidFunctionResponse", false),
        ])
    func transient(status: Int, code: String, expected: Bool) {
        #expect(TaskRetry.isTransient(status: status, code: code) == expected)
    }

    @Test("A job that stands still comes back after a second, later after up to a minute")
    func backoff() {
        let delays = (1...9).map { JobBackoff.delay(afterTroubles: $0, jitter: 1) }
        #expect(delays.map(\.components.seconds) == [1, 2, 4, 8, 16, 32, 60, 60, 60])
        #expect(JobBackoff.delay(afterTroubles: 1, jitter: 0) == .milliseconds(500))
        #expect(JobBackoff.delay(afterTroubles: .max, jitter: 0) == .seconds(30))
    }
}
