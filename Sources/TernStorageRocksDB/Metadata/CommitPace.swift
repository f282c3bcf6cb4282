/// How long the commit loop lets commits gather before it writes its next group.
///
/// A group takes as much processor time as several commits: a sync, a write to the log, and threads that are woken at
/// both ends. Alone, its size is what arrived during the last sync, which at a steady rate is next to nothing. Where
/// processors are short a group begins some time after the one before, and each commit costs less
/// (`docs/decisions/0029-commits-that-gather.md`).
struct CommitPace: Sendable {
    /// From the start of a group to that of the next one.
    static let interval = Duration.milliseconds(4)
    /// At a lower rate a pause would hardly gather anything.
    static let commitsPerWindow = 150
    static let window = Duration.milliseconds(100)
    /// How many commits are worth a moment of waiting; asked for each group of a high rate.
    private let goal: @Sendable () -> Int
    private var lastStart: ContinuousClock.Instant?
    private var windowStart: ContinuousClock.Instant?
    private var countInWindow = 0
    private var isRateHigh = false

    init(goal: @escaping @Sendable () -> Int) {
        self.goal = goal
    }

    /// How long to wait before the next group, and for how many commits; `nil` where it can begin.
    ///
    /// - Parameter waiting: The commits that wait already.
    func pause(waiting: Int, at now: ContinuousClock.Instant) -> (count: Int, moment: Duration)? {
        guard self.isRateHigh, let lastStart else { return nil }
        let moment = Self.interval - (now - lastStart)
        guard moment > .zero, case let count = self.goal(), waiting < count else { return nil }
        return (count, moment)
    }

    /// A group begins.
    mutating func began(_ count: Int, at now: ContinuousClock.Instant) {
        self.lastStart = now
        let start = self.windowStart ?? now
        let length = now - start
        if length >= Self.window {
            // What came after a long time says nothing of the time before it.
            self.isRateHigh = self.countInWindow >= Self.commitsPerWindow && length < Self.window * 2
            self.windowStart = now
            self.countInWindow = 0
        } else {
            self.windowStart = start
        }
        self.countInWindow += count
    }
}
