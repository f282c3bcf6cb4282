import Logging
import TernBatch
import TernControlPlane
import TernCore
import TernPorts
import TernS3Protocol

/// Works on one job as long as there is work: what to do follows from its status alone, so that it goes on after a crash
/// where it was (spec rule BR-RS-1).
struct JobRun: Sendable {
    let context: BatchContext
    let id: String
    let account: AccountID
    let control: JobControl

    func run() async {
        var troubles = 0
        while !Task.isCancelled {
            let counted = self.control.counted
            do {
                let found = try await self.control.takeUp { () async throws(JobStoreError) in
                    try await self.context.store.job(self.id, of: self.account)
                }
                guard let job = found, try await self.work(on: job) else { return }
                troubles = 0
            } catch JobInterruption.stopped {
                // Its status says what for; if only the process ends, the loop does.
                continue
            } catch {
                // What goes on between two troubles is not as bad as what does not.
                troubles = self.control.counted > counted ? 1 : troubles + 1
                let delay = JobBackoff.delay(
                    afterTroubles: troubles, jitter: self.context.random.nextFraction())
                self.context.logger.warning(
                    "a job stands still; will go on",
                    metadata: ["job": "\(self.id)", "error": "\(error)", "in": "\(delay)"])
                // Who cancels the job does not wait for that.
                await self.control.bell.wait(until: self.context.wall.now + delay, wall: self.context.wall)
            }
        }
    }

    /// Does what the status asks for.
    ///
    /// - Returns: Whether more may follow.
    private func work(on job: JobStore.Job) async throws -> Bool {
        switch job.state.status {
        case .new:
            return try await self.apply(.taken)
        case .preparing:
            let tasks: Int64
            do throws(JobInterruption) {
                tasks = try await JobPreparation(context: self.context, job: job, control: self.control).run()
            } catch {
                return try await self.end(error)
            }
            return try await self.apply(.prepared(tasks: tasks))
        case .active:
            do throws(JobInterruption) {
                try await TaskRunner(context: self.context, job: job, control: self.control).run()
            } catch {
                return try await self.end(error)
            }
            return try await self.apply(.tasksFinished)
        case .completing:
            do throws(JobInterruption) {
                try await ReportWriter(context: self.context, job: job, control: self.control).write()
            } catch {
                return try await self.end(error)
            }
            return try await self.apply(.settled)
        case .failing, .cancelling:
            try await self.writeLastReport(of: job)
            return try await self.apply(.settled)
        case .pausing:
            return try await self.apply(.settled)
        case .suspended, .ready, .paused, .complete, .cancelled, .failed:
            return false
        }
    }

    /// - Returns: Whether to look at the job again.
    private func apply(_ event: JobState.Event) async throws -> Bool {
        // What does not fit was overtaken: the status now says what to do.
        do {
            return try await self.context.store.apply(event, to: self.id, account: self.account) != nil
        } catch JobStoreError.illegalTransition {
            return true
        }
    }

    private func end(_ interruption: JobInterruption) async throws -> Bool {
        guard case .failed(let failure) = interruption else { throw interruption }
        self.context.logger.notice(
            "a job fails", metadata: ["job": "\(self.id)", "code": "\(failure.code)", "reason": "\(failure.reason)"])
        return try await self.apply(.failed(failure))
    }

    /// A job that fails or is cancelled reports what it did, if it can (spec rule BR-RP-1).
    private func writeLastReport(of job: JobStore.Job) async throws {
        do throws(JobInterruption) {
            try await ReportWriter(context: self.context, job: job, control: self.control).write()
        } catch {
            guard case .failed(let failure) = error else { throw error }
            self.context.logger.warning(
                "the report of a job that failed or was cancelled cannot be written",
                metadata: ["job": "\(self.id)", "reason": "\(failure.reason)"])
        }
    }
}
