import Synchronization
package import TernCore
import TernPorts

/// A wall clock that moves only when told. Whoever sleeps wakes when it is moved past the deadline.
package final class ManualClock: WallClock {
    private struct Sleeper {
        var deadline: Timestamp
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Timestamp
        var nextID = 0
        var sleepers: [Int: Sleeper] = [:]
        /// Cancelled before they fell asleep.
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    package init(now: Timestamp = Timestamp(milliseconds: 1_700_000_000_000)) {
        self.state = Mutex(State(now: now))
    }

    package var now: Timestamp { self.state.withLock { $0.now } }

    /// How many sleep.
    package var sleeperCount: Int { self.state.withLock { $0.sleepers.count } }

    package func advance(by duration: Duration) {
        let woken = self.state.withLock { state in
            state.now = state.now + duration
            let now = state.now
            let due = state.sleepers.filter { $0.value.deadline <= now }
            for id in due.keys { state.sleepers.removeValue(forKey: id) }
            return due.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Sets the clock back, as somebody who corrects it does. Who sleeps does so for as long as was asked for.
    package func setBack(by duration: Duration) {
        self.state.withLock { state in
            let distance = Duration.zero - duration
            state.now = state.now + distance
            state.sleepers = state.sleepers.mapValues { sleeper in
                Sleeper(deadline: sleeper.deadline + distance, continuation: sleeper.continuation)
            }
        }
    }

    package func sleep(until deadline: Timestamp) async throws {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let outcome = self.state.withLock { state -> Result<Void, any Error>? in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if deadline <= state.now { return .success(()) }
                    state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let sleeper = self.state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
