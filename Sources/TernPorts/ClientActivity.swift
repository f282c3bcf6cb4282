import Synchronization

/// How many client requests a region is answering right now.
///
/// Client traffic goes before replication: while a region is busy with clients, its deliveries make room
/// (`docs/architecture.md`).
package final class ClientActivity: Sendable {
    private let running = Atomic<Int>(0)
    private let busyThreshold: Int
    private let isMachineSaturated: @Sendable () -> Bool

    /// - Parameters:
    ///   - busyThreshold: From this many requests at once the region may count as busy.
    ///   - isMachineSaturated: Whether the processors have no time left. Many slow uploads at once are no reason to hold
    ///     replication back while they are idle.
    package init(busyThreshold: Int = 16, isMachineSaturated: @escaping @Sendable () -> Bool = { true }) {
        self.busyThreshold = busyThreshold
        self.isMachineSaturated = isMachineSaturated
    }

    package func requestBegan() {
        self.running.add(1, ordering: .relaxed)
    }

    package func requestEnded() {
        self.running.subtract(1, ordering: .relaxed)
    }

    package var isBusy: Bool {
        self.running.load(ordering: .relaxed) >= self.busyThreshold && self.isMachineSaturated()
    }
}
