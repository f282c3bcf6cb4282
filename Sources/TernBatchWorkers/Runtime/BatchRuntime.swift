import Logging
import Synchronization
import TernBatch
import TernControlPlane
import TernCore
import TernPorts

/// Runs the jobs of a region: gives them their places, and works on each in a task of its own.
///
/// Nothing is kept here that a restart could lose: a job's status and the results of its tasks are in the store.
package final class BatchRuntime: Sendable {
    private let context: BatchContext
    private let running = Mutex<[String: JobControl]>([:])
    private let wakeup = Wakeup()

    /// How often times are looked at: confirmations that come too late, jobs to be forgotten.
    private static let tick = Duration.seconds(30)

    package init(_ context: BatchContext) {
        self.context = context
    }

    /// Works until cancelled.
    package func run() async {
        self.context.store.observe { [weak self] job, entered in
            // At once: what runs is not to begin more than it has.
            if entered.contains(where: { $0 == .pausing || $0 == .cancelling }) { self?.stop(job.id) }
            self?.wakeup.ring()
        }
        await withDiscardingTaskGroup { group in
            var lastRemoval: Timestamp?
            while !Task.isCancelled {
                await self.decide()
                for job in self.context.store.openJobs {
                    guard let control = self.claim(job) else { continue }
                    group.addTask {
                        await JobRun(context: self.context, id: job.id, account: job.account, control: control).run()
                        self.release(job.id)
                    }
                }
                let now = self.context.wall.now
                if lastRemoval.map({ now - $0 >= .seconds(3600) }) ?? true {
                    lastRemoval = now
                    await self.removeForgotten()
                }
                await self.wakeup.wait(until: now + Self.tick, wall: self.context.wall)
            }
            self.running.withLock { running in
                for control in running.values { control.stop() }
            }
            group.cancelAll()
        }
    }

    /// Gives and takes places, ends confirmations that come too late, and stops what has to stop.
    private func decide() async {
        let jobs = self.context.store.openJobs
        let decision = self.context.options.scheduler.decide(jobs)
        for job in jobs {
            if decision.displaced.contains(job.id) { await self.apply(.displaced, to: job) }
            if decision.scheduled.contains(job.id) { await self.apply(.scheduled, to: job) }
            if job.status == .suspended { await self.checkConfirmation(of: job) }
        }
        for job in self.context.store.openJobs {
            switch job.status {
            case .pausing, .cancelling: self.stop(job.id)
            default: break
            }
        }
    }

    private func stop(_ id: String) {
        self.running.withLock { $0[id] }?.stop()
    }

    private func checkConfirmation(of candidate: JobScheduler.Candidate) async {
        do {
            let job = try await self.context.store.job(candidate.id, of: candidate.account)
            guard let job, job.state.isConfirmationOverdue(at: self.context.wall.now) else { return }
            await self.apply(.failed(.notConfirmed), to: candidate)
        } catch {
            self.context.logger.warning("a job cannot be read", metadata: ["job": "\(candidate.id)"])
        }
    }

    /// What does not fit any more was overtaken by a client's request.
    private func apply(_ event: JobState.Event, to job: JobScheduler.Candidate) async {
        do {
            _ = try await self.context.store.apply(event, to: job.id, account: job.account)
        } catch {
            self.context.logger.debug("a job moved meanwhile", metadata: ["job": "\(job.id)", "error": "\(error)"])
        }
    }

    private func removeForgotten() async {
        do {
            try await self.context.store.removeForgotten()
        } catch {
            self.context.logger.warning("old jobs cannot be removed yet", metadata: ["error": "\(error)"])
        }
    }

    /// Whether somebody has to work on the job now, and nobody does.
    private func claim(_ job: JobScheduler.Candidate) -> JobControl? {
        switch job.status {
        case .suspended, .ready, .paused, .complete, .cancelled, .failed: return nil
        case .new, .preparing, .active, .pausing, .completing, .cancelling, .failing: break
        }
        return self.running.withLock { running in
            guard running[job.id] == nil else { return nil }
            let control = JobControl()
            running[job.id] = control
            return control
        }
    }

    private func release(_ id: String) {
        self.running.withLock { $0[id] = nil }
        // It may have been given a place again in between.
        self.wakeup.ring()
    }
}
