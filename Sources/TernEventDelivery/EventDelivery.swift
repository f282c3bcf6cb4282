package import Logging
import Synchronization
import TernCore
package import TernObjects
package import TernPorts
import TernRecords
package import TernS3Protocol

/// Sends the events of a region to their targets, each by a worker of its own.
package final class EventDelivery: Sendable {
    private let context: EventDeliveryContext
    private let workers: [String: TargetWorker]
    /// Where events wait whose target the configuration does not name any more.
    private let orphans: TargetWorker

    /// - Throws: `TargetConfiguration.Problem` where a target cannot be used.
    package convenience init(
        targets: [TargetConfiguration], service: ObjectService, identities: any IdentityStore, wall: any WallClock,
        random: any RandomSource, logger: Logger
    ) throws(TargetConfiguration.Problem) {
        var made: [(configuration: TargetConfiguration, target: any EventTarget)] = []
        for configuration in targets {
            made.append((configuration, try configuration.makeTarget(wall: wall, random: random)))
        }
        self.init(
            targets: made, service: service, identities: identities, wall: wall, random: random, logger: logger)
    }

    /// With targets that were made already.
    package init(
        targets: [(configuration: TargetConfiguration, target: any EventTarget)], service: ObjectService,
        identities: any IdentityStore, wall: any WallClock, random: any RandomSource, logger: Logger
    ) {
        let context = EventDeliveryContext(
            service: service, identities: identities, wall: wall, random: random, logger: logger)
        var workers: [String: TargetWorker] = [:]
        for (configuration, target) in targets {
            workers[configuration.arn] = TargetWorker(configuration, target: target, context: context)
        }
        self.context = context
        self.workers = workers
        self.orphans = TargetWorker(.missing, target: MissingTarget(), context: context)
    }

    private func worker(of target: String) -> TargetWorker { self.workers[target] ?? self.orphans }

    /// Sends until the task is cancelled.
    package func run() async {
        let wall = self.context.wall
        let clock = self.context.service.clock
        self.context.service.events.listen { [self] lane, due in
            // Stamps may be ahead of the wall clock for a moment, without lying ahead.
            let now = max(wall.now, Timestamp(milliseconds: clock.stamp().milliseconds))
            self.worker(of: lane.target).mailbox.ring(lane, due: due, now: now)
        }
        await withTaskGroup(of: Void.self) { group in
            for worker in self.workers.values { group.addTask { await worker.run() } }
            group.addTask { await self.orphans.run() }
        }
    }
}

/// Takes nothing: what is sent there waits for its retention to pass, or for a configuration that names the target.
private struct MissingTarget: EventTarget {
    func deliver(_ messages: [EventMessage]) async -> [DeliveryResult] {
        messages.map { .unavailable("the configuration names no target \($0.target)") }
    }

    func shutDown() {}
}

// MARK: For operators

extension EventDelivery: EventOperator {
    package func report() async throws(S3Error) -> [EventTargetReport] {
        var reports: [String: EventTargetReport] = [:]
        for (arn, worker) in self.workers { reports[arn] = worker.report() }
        for (lane, count) in self.context.service.events.counts {
            var report = reports[lane.target] ?? self.orphans.report(as: lane.target)
            report.queued += count.pending
            report.dead += count.dead
            if count.pending > 0, let oldest = try await self.context.service.events.oldest(of: lane) {
                let time = Timestamp(milliseconds: oldest.record.timeMs)
                report.oldest = report.oldest.map { min($0, time) } ?? time
            }
            reports[lane.target] = report
        }
        return reports.values.sorted { $0.target < $1.target }
    }

    package func deadLetters(of target: String, limit: Int) async throws(S3Error) -> [DeadLetter] {
        var letters: [DeadLetter] = []
        for lane in self.lanes(of: target) where letters.count < limit {
            let events = try await self.context.service.events.dead(of: lane, limit: limit - letters.count)
            for event in events { letters.append(DeadLetter(event.record)) }
        }
        return letters
    }

    package func redrive(_ target: String?) async throws(S3Error) -> Int {
        var count = 0
        for lane in self.lanes(of: target) {
            count += try await self.context.service.events.redrive(lane, at: self.context.wall.now)
        }
        for worker in target.map({ [self.worker(of: $0)] }) ?? Array(self.workers.values) { worker.mailbox.tryNow() }
        return count
    }

    package func discard(_ target: String) async throws(S3Error) -> Int {
        var count = 0
        for lane in self.lanes(of: target) { count += try await self.context.service.events.discardDead(of: lane) }
        return count
    }

    private func lanes(of target: String?) -> [EventLane] {
        self.context.service.events.counts.keys.filter { target == nil || $0.target == target }
    }
}
