package import TernCore

/// Who may send next on a limited line: a machine without a clock.
///
/// Lanes share the line by the weights of their classes, whatever the size of their requests and however many of them
/// wait (start-time fair queueing). A lane that comes after a pause begins where the others are, so that it neither waits
/// for what they sent before nor catches up.
package struct BandwidthQueue: Sendable {
    package typealias Ticket = UInt64

    package enum Answer: Sendable, Hashable {
        case granted
        /// Ask again then, or before.
        case waits(until: Timestamp)
    }

    private struct Request: Sendable {
        var ticket: Ticket
        var lane: Int
        var start: Int64
        var bytes: Int64
    }

    private struct LaneState: Sendable {
        var finish: Int64
        var waiting: Int
    }

    /// `nil` where everything passes.
    private var bucket: TokenBucket?
    /// Whether nothing passes.
    private var isClosed = false
    /// In the order in which they came; as many as requests under way.
    private var requests: [Request] = []
    private var granted: Set<Ticket> = []
    private var lanes: [Int: LaneState] = [:]
    /// The virtual time: the start of the request that was granted last.
    private var progress: Int64 = 0
    private var lastTicket: Ticket = 0

    /// Whoever waits asks again after this time at the latest, since limits change.
    package static let longestWait = Duration.milliseconds(100)
    /// What a request costs beside its bytes, so that requests without any take turns too.
    private static let requestBytes: Int64 = 512

    package init() {}

    /// - Parameter rate: In bytes a second; `nil` for no limit, 0 for nothing.
    package mutating func setRate(_ rate: Int64?, at now: Timestamp) {
        self.isClosed = rate == 0
        guard let rate, rate > 0 else {
            self.bucket = nil
            return
        }
        if self.bucket == nil { self.bucket = TokenBucket(rate: rate, at: now) }
        if self.bucket?.rate != rate { self.bucket?.setRate(rate, at: now) }
    }

    /// Takes a place in the queue.
    package mutating func enter(lane: Int, traffic: TrafficClass, bytes: Int64) -> Ticket {
        self.lastTicket += 1
        let start = max(self.progress, self.lanes[lane]?.finish ?? self.progress)
        // Weights divide 64, so that the shares are exact.
        let cost = (max(bytes, 0) + Self.requestBytes) * (TrafficClass.timed.weight / traffic.weight)
        self.lanes[lane, default: LaneState(finish: 0, waiting: 0)].finish = start + cost
        self.lanes[lane]?.waiting += 1
        self.requests.append(Request(ticket: self.lastTicket, lane: lane, start: start, bytes: bytes))
        return self.lastTicket
    }

    /// Whether the request may be sent now. A granted one has left the queue.
    package mutating func ask(_ ticket: Ticket, at now: Timestamp) -> Answer {
        self.grant(at: now)
        if self.granted.remove(ticket) != nil { return .granted }
        let latest = now + Self.longestWait
        guard !self.isClosed, let bucket, let own = self.requests.first(where: { $0.ticket == ticket }) else {
            return .waits(until: latest)
        }
        let ahead = self.requests.reduce(Int64(0)) { sum, other in
            (other.start, other.ticket) < (own.start, ticket) ? sum + other.bytes : sum
        }
        let soonest = Timestamp(milliseconds: now.milliseconds + 1)
        return .waits(until: min(max(bucket.opens(after: ahead), soonest), latest))
    }

    /// Gives the place up.
    package mutating func leave(_ ticket: Ticket) {
        self.granted.remove(ticket)
        guard let index = self.requests.firstIndex(where: { $0.ticket == ticket }) else { return }
        self.left(self.requests.remove(at: index).lane)
    }

    private mutating func grant(at now: Timestamp) {
        while !self.isClosed, !self.requests.isEmpty {
            if self.bucket?.isOpen(at: now) == false { return }
            let index = self.requests.indices.min { left, right in
                let (one, other) = (self.requests[left], self.requests[right])
                return (one.start, one.ticket) < (other.start, other.ticket)
            }
            guard let index else { return }
            let request = self.requests.remove(at: index)
            self.bucket?.take(request.bytes)
            self.progress = max(self.progress, request.start)
            self.granted.insert(request.ticket)
            self.left(request.lane)
        }
    }

    private mutating func left(_ lane: Int) {
        self.lanes[lane]?.waiting -= 1
        // A lane that the others have caught up with is as good as new.
        self.lanes = self.lanes.filter { $0.value.waiting > 0 || $0.value.finish > self.progress }
    }
}
