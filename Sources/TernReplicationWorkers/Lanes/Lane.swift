import Logging
import Synchronization
import TernCore
import TernObjects
import TernPorts
import TernS3Protocol

/// One lane at work: reads its tasks, sends them, commits their outcomes.
///
/// One loop owns all state; requests and commits run as its children and report back by mail, so that no state is
/// shared and no child outlives the lane.
final class Lane: Sendable {
    let id: LaneID
    private let context: LaneContext
    private let mailbox = LaneMailbox()
    private let published = Mutex(LaneReport(state: "idle"))

    init(id: LaneID, context: LaneContext) {
        self.id = id
        self.context = context
    }

    var report: LaneReport { self.published.withLock { $0 } }

    /// Pauses or limits have changed.
    func flowChanged() {
        self.mailbox.ring()
    }

    func tasksAdded(dueAt due: Timestamp) {
        self.mailbox.tasksAdded(dueAt: due)
    }

    /// Works until cancelled, or until the lane's source bucket is gone.
    func run() async {
        await withDiscardingTaskGroup { group in
            var work = LaneWork(lane: self.id, options: self.context.options)
            var flow = LaneFlow(lane: self.id)
            while !Task.isCancelled {
                let now = self.context.wall.now
                work.take(self.mailbox.take(), jitter: self.context.random.nextFraction(), at: now)
                flow.applyPauses(to: &work, context: self.context, at: now)
                let mayHaveMore = await self.read(into: &work)
                if work.isOver {
                    self.context.service.outbox.forget(self.id)
                    break
                }
                work.isMakingRoom = self.context.clients?.isBusy ?? false
                await flow.applyRoute(to: &work, context: self.context)
                let then = self.context.wall.now
                for action in work.actions(at: then) { self.start(action, in: &group) }
                self.publish(work)
                self.mailbox.setMuted(work.isMuted(at: then))
                if !mayHaveMore { await self.mailbox.wait() }
            }
            flow.leave()
            group.cancelAll()
        }
    }

    /// Reads tasks while there is room in hand; whether it stopped before, to let others have their turn.
    private func read(into work: inout LaneWork) async -> Bool {
        var pages = 0
        while !Task.isCancelled, work.wantsTasks(at: self.context.wall.now) {
            // Tasks that rest are passed over without end.
            if pages == self.context.options.pagesPerTurn { return true }
            pages += 1
            let limit = self.context.options.pageTasks
            do {
                let page = try await self.context.service.outbox.tasks(
                    of: self.id, from: work.cursor.next, limit: limit)
                work.take(page, limit: limit, at: self.context.wall.now)
                if page.isEmpty, work.isEmpty {
                    work.isOver = try await self.context.service.sourceBucket(of: self.id) == nil
                }
            } catch {
                self.context.logger.warning(
                    "tasks cannot be read", metadata: ["lane": "\(self.id)", "error": "\(error.message)"])
                work.readingFailed(at: self.context.wall.now)
            }
        }
        return false
    }

    private func start(_ action: LaneWork.Action, in group: inout DiscardingTaskGroup) {
        let delivery = Delivery(lane: self.id, context: self.context)
        switch action {
        case .deliverSmall(let tasks, let isFull):
            group.addTask { await self.run(.small) { await delivery.deliverSmall(tasks, isFull: isFull) } }
        case .deliverLarge(let task):
            group.addTask { await self.run(.large) { await delivery.deliverLarge(task) } }
        case .settle(let settlements, let postponements):
            group.addTask { self.mailbox.post(await self.settle(settlements, postponements)) }
        case .wake(let deadline):
            group.addTask {
                // A lane that is cancelled needs no timer.
                try? await self.context.wall.sleep(until: deadline)
                self.mailbox.timerRanOut(deadline)
            }
        }
    }

    /// Delivers and reports, and then, while the region is busy with clients, rests for a multiple of the time that it
    /// took before it gives its place to the next delivery. So replication has a small share of a busy machine, and all
    /// of an idle one; it never stops, and an outcome is not kept back by a rest.
    ///
    /// The share is that of all lanes together, so that clients pay for one rule what they pay for many; up to a point,
    /// from which on lanes would hardly move.
    private func run(_ size: DeliveryReport.Size, _ deliver: () async -> DeliveryReport) async {
        let others = self.context.deliveries.began()
        let start = self.context.wall.now
        self.mailbox.post(await deliver())
        if let clients = self.context.clients, clients.isBusy {
            let options = self.context.options
            let traffic = self.id.traffic
            let end = self.context.wall.now
            let share = options.sharedRests(deliveries: others)
            let rest = min(
                (end - start) * options.restingFactor(of: traffic) * others, options.longestRest(of: traffic) * share)
            await self.rest(from: end, for: rest, step: options.restingStep(deliveries: others), while: clients)
        }
        self.context.deliveries.ended()
        self.mailbox.placeFreed(size)
    }

    /// Rests in some steps: clients may have had enough in between. One look is not enough to say so: those whose writes
    /// were committed together are all answered at the same moment.
    private func rest(from start: Timestamp, for rest: Duration, step: Duration, while clients: ClientActivity) async {
        let end = start + rest
        var wake = start
        var calmLooks = 0
        while wake < end, calmLooks < self.context.options.calmLooks, !Task.isCancelled {
            wake = min(wake + step, end)
            // A lane that is cancelled rests no longer.
            try? await self.context.wall.sleep(until: wake)
            calmLooks = clients.isBusy ? 0 : calmLooks + 1
        }
    }

    private func settle(_ settlements: [TaskSettlement], _ postponements: [Postponement]) async -> SettlementReport {
        var report = SettlementReport(settlements: settlements, postponements: postponements, error: nil)
        do {
            try await self.context.service.settle(settlements, lane: self.id)
            report.areSettled = true
            if !postponements.isEmpty {
                try await self.context.service.outbox.postpone(postponements, lane: self.id)
            }
            if try await self.context.service.sourceBucket(of: self.id) == nil {
                self.context.service.outbox.forget(self.id)
            }
        } catch {
            self.context.logger.warning(
                "outcomes cannot be committed; will try again",
                metadata: ["lane": "\(self.id)", "count": "\(settlements.count)", "error": "\(error.message)"])
            report.error = error.message
        }
        return report
    }

    private func publish(_ work: LaneWork) {
        let machine = work.machine
        var report = LaneReport(state: work.stateName, lastError: machine.lastError)
        if case .backingOff(let until) = machine.state { report.nextAttempt = until }
        let previous = self.published.withLock { published in
            let previous = published
            published = report
            return previous
        }
        guard previous.lastError.isEmpty != report.lastError.isEmpty else { return }
        if report.lastError.isEmpty {
            self.context.logger.info("destination answers again", metadata: ["lane": "\(self.id)"])
        } else {
            self.context.logger.warning(
                "destination fails; tasks wait", metadata: ["lane": "\(self.id)", "error": "\(report.lastError)"])
        }
    }
}
