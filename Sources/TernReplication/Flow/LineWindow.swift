/// How much may be under way at once on a long, slow line to a region: a machine without a clock.
///
/// What TCP has under way when a line breaks is sent again, and some ways to control congestion (BBR is one) keep several
/// times as much under way as the line holds, the more so the more connections there are. A line is full when there is
/// under way what it carries in the time there and back; twice that leaves room for packets that are lost, and for a
/// line that becomes faster. Where nothing says that the line is long and slow there is no bound: a fast one must not wait
/// for somebody who looks at it now and then.
package struct LineWindow: Sendable {
    /// One look at all connections to the region.
    package struct Look: Sendable, Hashable {
        /// Bytes that were acknowledged so far, by connections that are closed since too.
        package var arrivedBytes: Int64
        /// The shortest time there and back of the connections, in microseconds; `nil` where it is not known.
        package var roundTrip: Int64?
        /// Whether there is something to send.
        package var isBusy: Bool

        package init(arrivedBytes: Int64, roundTrip: Int64?, isBusy: Bool) {
            self.arrivedBytes = arrivedBytes
            self.roundTrip = roundTrip
            self.isBusy = isBusy
        }
    }

    private struct Interval: Sendable {
        var begin: Int64
        var lastLook: Int64
        var arrivedBytes: Int64
        var isBusy: Bool
    }

    /// Bytes that may be under way; `nil` for no bound.
    package private(set) var byteCount: Int64?
    /// The shortest time there and back lately, in microseconds; `nil` before it is known.
    package private(set) var roundTrip: Int64?
    private var roundTripMeasured: Int64 = 0
    private var interval: Interval?
    /// Bytes a second, of the last intervals that tell of the line.
    private var rates: [Int64] = []
    /// Busy intervals one after another in which the line carried hardly more than before.
    private var levelIntervals = 0

    /// A shorter line has little under way, in microseconds.
    package static let longRoundTrip: Int64 = 5000
    /// A line that carries so many bytes a second is fast.
    package static let fastRate: Int64 = 32 * 1024 * 1024
    /// What may be under way in any case.
    package static let minimum: Int64 = 128 * 1024
    /// Of what the line holds.
    package static let gain: Int64 = 2
    /// In milliseconds, or two times there and back where that is longer.
    package static let shortestInterval: Int64 = 500
    /// So many intervals, in busy ones, are a slow line's memory: it forgets a burst after some seconds.
    package static let rememberedIntervals = 10
    /// So many level intervals say that the connections have found what the line carries.
    package static let levelIntervalsBeforeBound = 3
    /// Who did not look for so many milliseconds has not seen whether it was busy.
    private static let longestGap: Int64 = 5000
    /// The way may become longer: in milliseconds.
    private static let roundTripLifetime: Int64 = 600_000

    package init() {}

    /// Takes what was seen.
    ///
    /// - Parameter now: In milliseconds, of any beginning.
    package mutating func see(_ look: Look, at now: Int64) {
        if let seen = look.roundTrip, seen > 0 {
            let isForgotten = now - self.roundTripMeasured > Self.roundTripLifetime
            if seen <= self.roundTrip ?? .max || isForgotten {
                self.roundTrip = seen
                self.roundTripMeasured = now
            }
        }
        guard var open = self.interval, (0...Self.longestGap).contains(now - open.lastLook) else {
            self.interval = Interval(begin: now, lastLook: now, arrivedBytes: look.arrivedBytes, isBusy: look.isBusy)
            return
        }
        open.lastLook = now
        open.isBusy = open.isBusy && look.isBusy
        self.interval = open
        let elapsed = now - open.begin
        guard elapsed >= max(Self.shortestInterval, (self.roundTrip ?? 0) * 2 / 1000) else { return }
        self.end(open, rate: max(look.arrivedBytes - open.arrivedBytes, 0) * 1000 / elapsed)
        self.interval = Interval(begin: now, lastLook: now, arrivedBytes: look.arrivedBytes, isBusy: look.isBusy)
    }

    private mutating func end(_ interval: Interval, rate: Int64) {
        let best = self.rates.max() ?? 0
        // Where little was to be sent, the line carried little: that says only that it can.
        guard interval.isBusy || rate > best else { return }
        self.levelIntervals = rate > best + best / 4 ? 0 : self.levelIntervals + 1
        self.rates.append(rate)
        if self.rates.count > Self.rememberedIntervals { self.rates.removeFirst() }
        self.byteCount = self.bound()
    }

    /// Whether the line is short or fast, and has no bound for it.
    package var isOfQuickLine: Bool {
        self.roundTrip.map { $0 < Self.longRoundTrip } ?? false || self.rates.max() ?? 0 >= Self.fastRate
    }

    private func bound() -> Int64? {
        guard let roundTrip, !self.isOfQuickLine, let best = self.rates.max() else { return nil }
        // A line with a bound that becomes faster gets more by and by.
        guard self.byteCount != nil || self.levelIntervals >= Self.levelIntervalsBeforeBound else { return nil }
        return max(Self.gain * best * roundTrip / 1_000_000, Self.minimum)
    }
}
