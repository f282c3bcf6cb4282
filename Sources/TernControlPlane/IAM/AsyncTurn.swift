import Synchronization

/// Lets one task through at a time, across suspensions, in the order in which they came.
final class AsyncTurn: Sendable {
    private struct Queue: Sendable {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let queue = Mutex(Queue())

    /// Returns when it is the caller's turn, which it must ``pass()`` on.
    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = self.queue.withLock { queue in
                if queue.isTaken {
                    queue.waiting.append(continuation)
                    return false
                }
                queue.isTaken = true
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    func pass() {
        let next = self.queue.withLock { queue -> CheckedContinuation<Void, Never>? in
            if queue.waiting.isEmpty {
                queue.isTaken = false
                return nil
            }
            return queue.waiting.removeFirst()
        }
        next?.resume()
    }
}
