package import TernCore

/// When the operations that wait were asked for: tells the oldest, whatever the order in which they come and go.
///
/// Memory is bounded however many there are. Times are kept as counts in stretches, exact for the newest and coarser
/// the older they are: a stretch is at most a 64th of its age long, and tells the exact time of its first operation as
/// long as that one waits. So the age that is told is never too small, and at most a 64th and 0.1 s too large.
package struct PendingAges: Sendable, Hashable {
    private struct Stretch: Hashable, Sendable {
        /// In milliseconds, both included.
        var start: Int64
        var end: Int64
        var count: Int64
    }

    /// In the order of time, apart from each other.
    private var stretches: [Stretch] = []
    /// How many there may be before neighbours are joined; grows where joining does not help.
    private var limit = Self.leastLimit

    private static let leastLimit = 256
    private static let precision: Int64 = 64
    private static let leastLength: Int64 = 100

    package init() {}

    /// When the oldest one was asked for; `nil` if none waits.
    package var oldest: Timestamp? {
        self.stretches.first { $0.count > 0 }.map { Timestamp(milliseconds: $0.start) }
    }

    package mutating func add(_ requested: Timestamp) { self.change(requested.milliseconds, by: 1) }

    /// One may be removed before it was added: whoever works on it may be faster than whoever counts it.
    package mutating func remove(_ requested: Timestamp) { self.change(requested.milliseconds, by: -1) }

    private mutating func change(_ time: Int64, by difference: Int64) {
        let last = self.stretches.count - 1
        // By far the most frequent: the newest of all.
        let isNewest = last < 0 || self.stretches[last].end < time
        let index = isNewest ? last + 1 : self.firstStretch(endingAtOrAfter: time)
        guard !isNewest, self.stretches[index].start <= time else {
            self.stretches.insert(Stretch(start: time, end: time, count: difference), at: index)
            if self.stretches.count > self.limit { self.join() }
            return
        }
        self.stretches[index].count += difference
        if self.stretches[index].count == 0 { self.stretches.remove(at: index) }
        if self.stretches.isEmpty {
            self.stretches = []
            self.limit = Self.leastLimit
        }
    }

    private func firstStretch(endingAtOrAfter time: Int64) -> Int {
        var low = 0
        var high = self.stretches.count
        while low < high {
            let middle = (low + high) / 2
            if self.stretches[middle].end < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Joins neighbours where the stretch that they make is short for its age.
    private mutating func join() {
        guard let newest = self.stretches.last?.end else { return }
        var joined: [Stretch] = []
        joined.reserveCapacity(self.stretches.count)
        for stretch in self.stretches {
            if let last = joined.last, stretch.end - last.start <= Self.length(ofAge: newest - stretch.end) {
                joined[joined.count - 1].end = stretch.end
                joined[joined.count - 1].count += stretch.count
            } else {
                joined.append(stretch)
            }
        }
        self.stretches = joined
        self.limit = max(Self.leastLimit, joined.count * 2)
    }

    private static func length(ofAge age: Int64) -> Int64 { max(age / Self.precision, Self.leastLength) }
}
