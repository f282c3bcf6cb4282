import Synchronization

/// How much the clients of a region wait for it right now.
///
/// Client traffic goes before replication: while a region is busy with clients, its deliveries make room
/// (`docs/architecture.md`).
///
/// Clients that send as fast as answers come, and clients that send at times of their own, may have equally many requests
/// under way at a moment. What tells them apart is how long their connections rest between an answer and the next request:
/// the former lose writes to whatever else the machine does, the latter do not as long as it has time for both.
package final class ClientActivity: Sendable {
    private let state: Mutex<ClientDemand>
    private let isMachineSaturated: @Sendable () -> Bool
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameters:
    ///   - busyThreshold: From this many clients at once the region may count as busy.
    ///   - isMachineSaturated: Whether the processors have no time left. Many slow uploads at once are no reason to hold
    ///     replication back while they are idle.
    package init(
        busyThreshold: Int = 16,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        isMachineSaturated: @escaping @Sendable () -> Bool = { true }
    ) {
        self.state = Mutex(ClientDemand(threshold: busyThreshold, at: now()))
        self.isMachineSaturated = isMachineSaturated
        self.now = now
    }

    /// - Parameter pause: How long the request's connection was without one; `nil` where it had none before.
    package func requestBegan(after pause: Duration? = nil) {
        let now = self.now()
        self.state.withLock { $0.requestBegan(after: pause, at: now) }
    }

    package func requestEnded() {
        let now = self.now()
        self.state.withLock { $0.requestEnded(at: now) }
    }

    package var isBusy: Bool {
        let now = self.now()
        return self.state.withLock { $0.isPressing(at: now) } && self.isMachineSaturated()
    }

    /// How many commits are worth a moment of waiting, which saves processor time: as many as a quarter of the clients
    /// make. 0 where the processors have time left, and where clients press, who would lose writes to the waiting.
    package var commitsToGather: Int {
        let now = self.now()
        let count = self.state.withLock { $0.isPressing(at: now) ? 0 : $0.clientCount(at: now) }
        return count >= 2 * Self.clientsPerGatheredCommit && self.isMachineSaturated()
            ? Int(count / Self.clientsPerGatheredCommit) : 0
    }

    /// Few clients may send as fast as answers come without pressing. While so few of them are waited for, the others are
    /// on their way, and nobody waits for those who wait for him.
    private static let clientsPerGatheredCommit = 4.0
}

/// What clients do with their time, in windows of a tenth of a second, of which the latest count most.
struct ClientDemand: Sendable {
    private let threshold: Int
    private var running = 0
    private var changed: ContinuousClock.Instant
    private var windowStart: ContinuousClock.Instant
    /// Of the present window: seconds that requests waited for answers, summed up.
    private var waiting = 0.0
    /// Of the present window: seconds that connections rested before their requests, summed up.
    private var resting = 0.0
    /// The most requests at a moment of the present window.
    private var peak = 0
    /// Of the windows before, each with ``memory`` of the weight of the next one: seconds that requests waited, those that
    /// clients waited and rested, and the lengths of the windows.
    private var past = (waiting: 0.0, busy: 0.0, length: 0.0)
    /// Whether clients pressed of late; `nil` where nobody was there.
    private var wasPressing: Bool?

    private static let window = Duration.milliseconds(100)
    /// One window alone says little: a commit that takes long, or a compaction, is enough for a strange one, and whatever
    /// is delivered because of one is delivered at the full rate.
    private static let memory = 0.6
    /// A connection that rests for longer is nobody's who is in a hurry, and shall not hide those who are.
    private static let longestRest = 0.020
    /// Clients press that spend this part of their time waiting. Between an answer and the next request there is always
    /// something: the way, the client's own work, and the other requests of a busy event loop. Clients without a pause
    /// wait for two thirds of their time or more, at half of their rate for a third, and for half of it for a moment.
    private static let pressingShare = 0.62

    init(threshold: Int, at now: ContinuousClock.Instant) {
        self.threshold = threshold
        self.changed = now
        self.windowStart = now
    }

    mutating func requestBegan(after pause: Duration?, at now: ContinuousClock.Instant) {
        self.advance(to: now)
        // Time in which nobody was there is no part of the first window of a burst.
        if self.running == 0, self.waiting == 0, self.resting == 0 { self.windowStart = now }
        if let pause { self.resting += min(pause.inSeconds, Self.longestRest) }
        self.running += 1
        self.peak = max(self.peak, self.running)
    }

    mutating func requestEnded(at now: ContinuousClock.Instant) {
        self.advance(to: now)
        self.running -= 1
    }

    /// Whether many clients spend much of their time waiting for the region.
    mutating func isPressing(at now: ContinuousClock.Instant) -> Bool {
        self.advance(to: now)
        // After a pause nothing is known yet but how many they are.
        return self.wasPressing ?? (self.peak >= self.threshold)
    }

    /// How many clients there were of late: those that waited, and those that rested for a moment.
    mutating func clientCount(at now: ContinuousClock.Instant) -> Double {
        self.advance(to: now)
        return self.past.length > 0 ? self.past.busy / self.past.length : 0
    }

    private mutating func advance(to now: ContinuousClock.Instant) {
        guard now > self.changed else { return }
        self.waiting += (now - self.changed).inSeconds * Double(self.running)
        self.changed = now
        let length = now - self.windowStart
        guard length >= Self.window else { return }
        let busy = self.waiting + self.resting
        if busy == 0 {
            self.past = (0, 0, 0)
            self.wasPressing = nil
        } else {
            self.past.waiting = self.past.waiting * Self.memory + self.waiting
            self.past.busy = self.past.busy * Self.memory + busy
            self.past.length = self.past.length * Self.memory + length.inSeconds
            self.wasPressing =
                self.past.busy >= Double(self.threshold) * self.past.length
                && self.past.waiting >= self.past.busy * Self.pressingShare
        }
        self.windowStart = now
        self.waiting = 0
        self.resting = 0
        self.peak = self.running
    }
}

extension Duration {
    fileprivate var inSeconds: Double {
        Double(self.components.seconds) + Double(self.components.attoseconds) * 1e-18
    }
}
