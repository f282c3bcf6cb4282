import Synchronization
import TernCore
import TernReplication

/// What all lanes to one region share: how fast the line is, and which classes of traffic are on it.
final class Route: Sendable {
    private struct State {
        var pace: LinePace
        /// Large objects that are being sent.
        var objects = 0
    }

    private let state: Mutex<State>
    private let timedLanes = Atomic<Int>(0)
    private let liveLanes = Atomic<Int>(0)

    init(options: ReplicationOptions) {
        self.state = Mutex(State(pace: LinePace(baseWindow: options.segmentsInFlight)))
    }

    // MARK: Priorities

    /// Notes that a lane of the class has, or has no more, something to send that it may send.
    func changeLanes(of traffic: TrafficClass, by difference: Int) {
        switch traffic {
        case .timed: self.timedLanes.add(difference, ordering: .relaxed)
        case .live: self.liveLanes.add(difference, ordering: .relaxed)
        case .batch: break
        }
    }

    /// Whether lanes of a class that goes before have something to send.
    func isWanted(byMoreUrgentThan traffic: TrafficClass) -> Bool {
        switch traffic {
        case .timed: false
        case .live: self.timedLanes.load(ordering: .relaxed) > 0
        case .batch: self.timedLanes.load(ordering: .relaxed) > 0 || self.liveLanes.load(ordering: .relaxed) > 0
        }
    }

    // MARK: Pace

    func succeeded(bytes: Int64, in duration: Duration) {
        guard bytes >= LinePace.measurableBytes else { return }
        self.state.withLock { $0.pace.succeeded(bytes: bytes, milliseconds: duration.wholeMilliseconds) }
    }

    func failed() {
        self.state.withLock { $0.pace.failed() }
    }

    func segmentArrived() {
        self.state.withLock { $0.pace.segmentArrived() }
    }

    func objectBegins() {
        self.state.withLock { $0.objects += 1 }
    }

    func objectEnds() {
        self.state.withLock { $0.objects -= 1 }
    }

    /// How many segments of one object may be under way at once: where there are more than usual, the objects share them.
    func segmentsInFlight(base: Int) -> Int {
        self.state.withLock { state in
            let window = state.pace.segmentWindow
            return window <= base ? window : max(window / max(state.objects, 1), base)
        }
    }

    func segmentBytes(ofObject byteCount: Int64, limit: Int64?) -> Int64 {
        self.state.withLock { $0.pace.segmentBytes(ofObject: byteCount, limit: limit) }
    }

    var blockBytes: Int64 { self.state.withLock { $0.pace.blockBytes } }

    func batchBytes(maximum: Int64, limit: Int64?) -> Int64 {
        self.state.withLock { $0.pace.batchBytes(maximum: maximum, limit: limit) }
    }
}

/// The routes of a region to the others, and to itself.
final class Routes: Sendable {
    private let routes = Mutex<[RegionName: Route]>([:])
    private let options: ReplicationOptions

    init(options: ReplicationOptions) {
        self.options = options
    }

    /// A region that is no more leaves a route behind; they are as many as regions of the federation ever were.
    func route(to region: RegionName) -> Route {
        self.routes.withLock { routes in
            if let route = routes[region] { return route }
            let route = Route(options: self.options)
            routes[region] = route
            return route
        }
    }
}
