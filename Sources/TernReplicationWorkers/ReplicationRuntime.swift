package import Logging
import Synchronization
import TernCore
package import TernObjects
package import TernPorts
import TernS3Protocol

/// Runs the replication of one region: a lane for each pair of a source bucket and a destination bucket, and each class of
/// traffic, that has work.
///
/// Nothing is kept here that a restart could lose: the outbox has every task until its outcome is committed.
package final class ReplicationRuntime: LaneMonitor {
    private struct State {
        var lanes: [LaneID: Lane] = [:]
        /// Those that the loop has not started yet.
        var new: [Lane] = []
    }

    private let context: LaneContext
    private let state = Mutex(State())
    private let wakeup = Wakeup()
    private let doubts = Wakeup()

    /// How long to wait before a store that failed is asked again.
    private static let doubtDelay = Duration.seconds(1)

    package init(
        service: ObjectService,
        transport: any PeerTransport,
        wall: any WallClock,
        random: any RandomSource,
        options: ReplicationOptions = ReplicationOptions(),
        flow: FlowControl? = nil,
        clients: ClientActivity? = nil,
        logger: Logger
    ) {
        self.context = LaneContext(
            service: service, transport: transport, wall: wall, random: random, options: options, flow: flow,
            routes: Routes(options: options), clients: clients, logger: logger)
    }

    /// Works until cancelled. The outbox must have been rebuilt before.
    package func run() async {
        self.context.flow?.listen { [weak self] in self?.flowChanged() }
        self.context.service.outbox.listen { [weak self] lane, due in self?.tasksAdded(to: lane, dueAt: due) }
        self.context.service.listenToDoubts { [weak self] in self?.doubts.ring() }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.resolveDoubts() }
            while !Task.isCancelled {
                let new = self.state.withLock { state in
                    let new = state.new
                    state.new = []
                    return new
                }
                for lane in new {
                    group.addTask {
                        await lane.run()
                        self.ended(lane)
                    }
                }
                await self.wakeup.wait()
            }
            group.cancelAll()
        }
    }

    /// Finds out about tasks and events whose commit failed in between, once the store is well again.
    private func resolveDoubts() async {
        while !Task.isCancelled {
            await self.doubts.wait()
            while !Task.isCancelled {
                // A region that is cancelled needs no timer.
                try? await self.context.wall.sleep(until: self.context.wall.now + Self.doubtDelay)
                do throws(S3Error) {
                    try await self.context.service.resolveDoubts()
                    break
                } catch {
                    self.context.logger.warning(
                        "it is not known yet whether tasks or events were committed",
                        metadata: ["error": "\(error.message)"])
                }
            }
        }
    }

    /// Of the lanes of all classes between the two buckets, the one that people want to know of: one that fails, else one
    /// that works.
    package func report(on pair: LaneID) -> LaneReport? {
        let lanes = self.state.withLock { state in pair.classes.compactMap { state.lanes[$0] } }
        let reports = lanes.map(\.report)
        return reports.first { !$0.lastError.isEmpty } ?? reports.first { $0.state != "idle" } ?? reports.first
    }

    private func flowChanged() {
        for lane in self.state.withLock({ Array($0.lanes.values) }) { lane.flowChanged() }
    }

    private func tasksAdded(to id: LaneID, dueAt due: Timestamp) {
        let (lane, isNew) = self.state.withLock { state in
            if let lane = state.lanes[id] { return (lane, false) }
            let lane = Lane(id: id, context: self.context)
            state.lanes[id] = lane
            state.new.append(lane)
            return (lane, true)
        }
        lane.tasksAdded(dueAt: due)
        if isNew { self.wakeup.ring() }
    }

    /// A lane ends when its source bucket is gone for good; its number is never used again.
    private func ended(_ lane: Lane) {
        self.state.withLock { _ = $0.lanes.removeValue(forKey: lane.id) }
        if !Task.isCancelled { self.context.service.outbox.forget(lane.id) }
    }
}
