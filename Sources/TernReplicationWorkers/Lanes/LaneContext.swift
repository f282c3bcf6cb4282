import Logging
import Synchronization
import TernObjects
import TernPorts
import TernReplication

/// The numbers of the workers.
package struct ReplicationOptions: Sendable {
    /// Small items in one request.
    package var itemsPerRequest = 128
    /// The largest body that travels with others; at most ``IngestItem/maximumBodyBytes``.
    package var smallBodyBytes = Int64(IngestItem.maximumBodyBytes)
    /// Bytes of one segment of a large object; at most ``IngestLimits/bytesPerSegment``.
    package var segmentBytes = IngestLimits.bytesPerSegment
    /// Bytes of the bodies of small items in one request.
    package var bytesPerRequest: Int64 = 4 * 1024 * 1024
    /// Requests of small items under way at once, in one lane.
    package var requestsInFlight = 1...8
    /// Large objects under way at once, in one lane.
    package var largeObjectsInFlight = 2
    /// Segments of one large object under way at once.
    package var segmentsInFlight = 4
    /// How long a request that is not full waits behind others for more, in milliseconds.
    package var gatheringMilliseconds: Int64 = 25
    /// How long it waits behind one that has ended, in milliseconds for each item of that one, and for no longer than
    /// behind one under way: few items go at once, many go together.
    package var gatheringMillisecondsPerItem: Int64 = 1
    /// Tasks that a lane has in its hands at most.
    package var heldTasks = 2048
    /// Tasks read at once.
    package var pageTasks = 256
    /// How long a change waits at most for a version that another region brings to the destination.
    package var longestWaitForVersion = Duration.seconds(86_400)
    /// Outcomes in one commit at most.
    package var settlementsPerCommit = 512

    /// While clients keep the region busy, a delivery is followed by a rest of this many times its own length.
    package var restingFactor = 24
    package var longestRest = Duration.seconds(1)
    /// Between looks, within a rest, whether clients still keep the region busy.
    package var leastRestingStep = Duration.milliseconds(25)
    /// So many looks in a row that find no busy clients end a rest.
    package var calmLooks = 3
    /// Pages that are read before anything else is looked at.
    package var pagesPerTurn = 32
    /// Requests of small items under way at once, in one lane, while clients keep the region busy.
    package var requestsInFlightWhileBusy = 2
    /// Small items in one request, while clients keep the region busy: the first requests of a burst know of no rest yet.
    package var itemsPerRequestWhileBusy = 32

    /// Items of a request that finds out whether the destination is back.
    package var probeItems = 8

    package init() {}

    /// How many times as long rests may be at most where so many deliveries are under way in all lanes.
    func sharedRests(deliveries: Int) -> Int {
        min(max(deliveries / self.requestsInFlightWhileBusy, 1), 8)
    }

    /// How long it is between looks whether clients are still busy: longer where many deliveries rest and look.
    func restingStep(deliveries: Int) -> Duration {
        self.leastRestingStep * min(max(deliveries / 4, 1), 40)
    }

    /// Of those who make room for clients, the urgent ones rest least.
    func restingFactor(of traffic: TrafficClass) -> Int {
        switch traffic {
        case .timed: max(self.restingFactor / 4, 1)
        case .live: self.restingFactor
        case .batch: self.restingFactor * 4
        }
    }

    func longestRest(of traffic: TrafficClass) -> Duration {
        switch traffic {
        case .timed: self.longestRest / 4
        case .live: self.longestRest
        case .batch: self.longestRest * 4
        }
    }
}

/// Deliveries that are under way, or resting, in all lanes of a region.
final class RunningDeliveries: Sendable {
    private let count = Atomic<Int>(0)

    /// - Returns: How many there are with this one.
    func began() -> Int { self.count.add(1, ordering: .relaxed).newValue }

    func ended() { self.count.subtract(1, ordering: .relaxed) }
}

/// What all lanes share.
struct LaneContext: Sendable {
    var service: ObjectService
    var transport: any PeerTransport
    var wall: any WallClock
    var random: any RandomSource
    var options: ReplicationOptions
    /// Pauses and limits; `nil` where there are none.
    var flow: FlowControl?
    var routes: Routes
    let deliveries = RunningDeliveries()
    /// Whom deliveries make room for; `nil` in a region without clients.
    var clients: ClientActivity?
    var logger: Logger
}
