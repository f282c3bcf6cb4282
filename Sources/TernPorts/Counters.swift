import Synchronization

/// A number that many threads count up, without locks.
package final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    package init() {}

    package func add(_ number: Int = 1) { self.count.wrappingAdd(number, ordering: .relaxed) }

    package var value: Int { self.count.load(ordering: .relaxed) }
}

/// How many durations lie in each of a few stretches, without locks.
package final class DurationCounts: Sendable {
    /// The longest durations of the stretches, in microseconds; longer ones are counted after them.
    package static let bounds = [
        500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000,
    ]

    private let counts = (0...DurationCounts.bounds.count).map { _ in Counter() }
    private let total = Counter()

    package init() {}

    package func add(_ duration: Duration) {
        let parts = duration.components
        let microseconds = Int(parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000)
        self.counts[Self.bounds.firstIndex { microseconds <= $0 } ?? Self.bounds.count].add()
        self.total.add(microseconds)
    }

    /// One for each of ``bounds``, and one for what is longer.
    package var values: [Int] { self.counts.map(\.value) }
    package var totalMicroseconds: Int { self.total.value }
}

/// How the requests of one operation ended, and how long they took until their answers began.
package final class RequestCounts: Sendable {
    package let name: String
    private let ends = (1...5).map { _ in Counter() }
    package let durations = DurationCounts()

    package init(_ name: String) { self.name = name }

    package func add(status: Int, duration: Duration) {
        self.ends[min(max(status / 100, 1), 5) - 1].add()
        self.durations.add(duration)
    }

    /// By class of status: `1xx` to `5xx`.
    package var values: [Int] { self.ends.map(\.value) }
}

/// What goes through an HTTP server.
package final class TrafficCounts: Sendable {
    package let receivedBytes = Counter()
    package let sentBytes = Counter()
    package let acceptedConnections = Counter()
    package let closedConnections = Counter()

    package init() {}
}
