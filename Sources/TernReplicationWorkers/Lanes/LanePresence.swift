import TernCore
import TernObjects
import TernPorts
import TernReplication

/// Where a lane leads, and whether the other lanes there know that it has something to send.
///
/// A lane looks up its way when it begins to work, and every while, since a bucket can be made anew in another region.
struct LanePresence {
    private let lane: LaneID
    private(set) var route: Route?
    private(set) var region: RegionName?
    private var isActive = false
    private var knownUntil = Timestamp(milliseconds: 0)

    private static let knowledge = Duration.seconds(10)

    init(lane: LaneID) {
        self.lane = lane
    }

    mutating func update(isActive: Bool, context: LaneContext) async {
        let now = context.wall.now
        if isActive, now >= self.knownUntil || self.knownUntil - now > Self.knowledge {
            self.knownUntil = now + Self.knowledge
            let region = await Self.region(of: self.lane, context)
            if region != self.region {
                self.leave()
                self.region = region
                self.route = region.map { context.routes.route(to: $0) }
            }
        }
        guard isActive != self.isActive else { return }
        if isActive {
            self.isActive = true
            self.route?.changeLanes(of: self.lane.traffic, by: 1)
        } else {
            self.leave()
        }
    }

    /// The lane has nothing to send any more.
    mutating func leave() {
        guard self.isActive else { return }
        self.isActive = false
        self.route?.changeLanes(of: self.lane.traffic, by: -1)
    }

    private static func region(of lane: LaneID, _ context: LaneContext) async -> RegionName? {
        let delivery = Delivery(lane: lane, context: context)
        // A lane that does not know its way yet goes by itself.
        switch try? await delivery.place() {
        case .here: return context.service.region
        case .region(let region): return region
        case nil: return nil
        }
    }
}
