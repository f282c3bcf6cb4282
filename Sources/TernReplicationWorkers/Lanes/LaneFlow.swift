import TernCore
import TernObjects
import TernReplication

/// Brings what the operator, other lanes and the line say to the work of one lane.
struct LaneFlow {
    private let lane: LaneID
    private var presence: LanePresence
    /// The state of ``FlowControl`` that the pause is of.
    private var seen: UInt64 = 0

    init(lane: LaneID) {
        self.lane = lane
        self.presence = LanePresence(lane: lane)
    }

    /// Looks only where something was said, or where a pause has ended.
    mutating func applyPauses(to work: inout LaneWork, context: LaneContext, at now: Timestamp) {
        guard let flow = context.flow else { return }
        let count = flow.changeCount
        guard count != self.seen || work.pause.next.map({ $0 <= now }) ?? false else { return }
        self.seen = count
        work.set(flow.pause(of: self.lane, at: now))
    }

    mutating func applyRoute(to work: inout LaneWork, context: LaneContext) async {
        await self.presence.update(isActive: work.isActive, context: context)
        guard work.isActive, let route = self.presence.route, let region = self.presence.region else { return }
        work.isYielding = route.isWanted(byMoreUrgentThan: self.lane.traffic)
        let limit = context.flow?.limit(ofBucket: self.lane.destinationBucket, region: region)
        work.batchBytes = route.batchBytes(maximum: context.options.bytesPerRequest, limit: limit)
    }

    mutating func leave() {
        self.presence.leave()
    }
}
