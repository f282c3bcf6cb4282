import Synchronization

/// What the ways between the regions are like at the moment.
final class Links: Sendable {
    struct Weather: Sendable {
        /// The longest that one direction takes, in milliseconds. Requests overtake each other by it.
        var delay = 0
        var losesRequest = 0.0
        var losesAnswer = 0.0
        var doubles = 0.0
        /// Requests of which only some items arrive, or only some bytes.
        var breaks = 0.0
        /// Bodies of which a byte is changed on the way.
        var damages = 0.0

        static let calm = Weather()
    }

    private struct State {
        var weather = Weather.calm
        /// Ordered pairs that nothing gets through between.
        var cut: Set<String> = []
    }

    private let state = Mutex(State())

    private static func pair(_ from: String, _ to: String) -> String { "\(from)>\(to)" }

    var weather: Weather { self.state.withLock { $0.weather } }
    func set(_ weather: Weather) { self.state.withLock { $0.weather = weather } }

    /// Cuts one direction only: the other may go on.
    func cut(from: String, to: String) { self.state.withLock { _ = $0.cut.insert(Self.pair(from, to)) } }
    func mend(from: String, to: String) { self.state.withLock { _ = $0.cut.remove(Self.pair(from, to)) } }
    func mendAll() { self.state.withLock { $0.cut = [] } }
    func isCut(from: String, to: String) -> Bool { self.state.withLock { $0.cut.contains(Self.pair(from, to)) } }
}
