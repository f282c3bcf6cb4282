import Synchronization
package import TernCore

/// Wakes one waiter. A ring without a waiter is kept for the next; many rings are one.
package final class Wakeup: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    package func ring() {
        let waiter = self.state.withLock { state in
            let waiter = state.waiter
            state.waiter = nil
            if waiter == nil { state.isRung = true }
            return waiter
        }
        waiter?.resume()
    }

    /// Returns after the next ring, or when the task is cancelled.
    package func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isRung = self.state.withLock { state in
                    if state.isRung {
                        state.isRung = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isRung { continuation.resume() }
            }
        } onCancel: {
            self.ring()
        }
    }

    /// Returns after the next ring, at `deadline`, or when the task is cancelled.
    package func wait(until deadline: Timestamp?, wall: any WallClock) async {
        guard let deadline else { return await self.wait() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            // Cancelled when the ring comes first.
            group.addTask { try? await wall.sleep(until: deadline) }
            await group.next()
            group.cancelAll()
        }
    }
}
