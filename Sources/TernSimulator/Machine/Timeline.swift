import Synchronization

/// The time of the simulated world, in milliseconds since its beginning, and all that waits for it.
///
/// Time stands still while anything can run, and then jumps to the next timer.
final class Timeline: Sendable {
    private struct Timer {
        var deadline: Int64
        /// Decides between timers of one deadline.
        var lot: UInt64
        var id: UInt64

        static func precedes(_ left: Timer, _ right: Timer) -> Bool {
            if left.deadline != right.deadline { return left.deadline < right.deadline }
            return left.lot == right.lot ? left.id < right.id : left.lot < right.lot
        }
    }

    private struct State {
        var now: Int64 = 0
        var lastID: UInt64 = 0
        /// A binary heap.
        var timers: [Timer] = []
        var sleepers: [UInt64: UnsafeContinuation<Void, any Error>] = [:]
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())
    private let dice: Dice

    init(dice: Dice) {
        self.dice = dice
    }

    var now: Int64 { self.state.withLock { $0.now } }
    /// Who sleeps now.
    var sleeperCount: Int { self.state.withLock { $0.sleepers.count } }

    /// Jumps to the next timer and wakes its sleeper; `false` if nobody sleeps.
    func advance() -> Bool {
        let sleeper: UnsafeContinuation<Void, any Error>? = self.state.withLock { state in
            while let timer = Self.popFirst(&state.timers) {
                guard let sleeper = state.sleepers.removeValue(forKey: timer.id) else { continue }
                state.now = max(state.now, timer.deadline)
                return sleeper
            }
            return nil
        }
        sleeper?.resume()
        return sleeper != nil
    }

    func sleep(milliseconds: Int64) async throws {
        let lot = self.dice.next()
        let id = self.state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
                let isCancelled = self.state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    state.sleepers[id] = continuation
                    Self.push(Timer(deadline: state.now + max(milliseconds, 0), lot: lot, id: id), onto: &state.timers)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = self.state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.resume(throwing: CancellationError())
        }
        self.state.withLock { _ = $0.cancelled.remove(id) }
    }

    /// Sleeps on even if the task is cancelled: what is under way on a wire or a disk does not stop for that.
    func pass(milliseconds: Int64) async {
        guard milliseconds > 0 else { return }
        let lot = self.dice.next()
        let _: Void? = try? await withUnsafeThrowingContinuation {
            (continuation: UnsafeContinuation<Void, any Error>) in
            self.state.withLock { state in
                state.lastID += 1
                state.sleepers[state.lastID] = continuation
                Self.push(
                    Timer(deadline: state.now + milliseconds, lot: lot, id: state.lastID), onto: &state.timers)
            }
        }
    }

    // MARK: The heap

    private static func push(_ timer: Timer, onto heap: inout [Timer]) {
        heap.append(timer)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard Timer.precedes(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private static func popFirst(_ heap: inout [Timer]) -> Timer? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && Timer.precedes(heap[child], heap[least]) {
                least = child
            }
            if least == parent { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
