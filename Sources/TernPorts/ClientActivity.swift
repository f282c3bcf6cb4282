import Synchronization

/// How many client requests a region is answering right now.
///
/// Client traffic goes before replication: while a region is busy with clients, its deliveries make room
/// (`docs/architecture.md`).
package final class ClientActivity: Sendable {
    private let running = Atomic<Int>(0)
    private let busyThreshold: Int

    /// - Parameter busyThreshold: From this many requests at once the region counts as busy.
    package init(busyThreshold: Int = 16) {
        self.busyThreshold = busyThreshold
    }

    package func requestBegan() {
        self.running.add(1, ordering: .relaxed)
    }

    package func requestEnded() {
        self.running.subtract(1, ordering: .relaxed)
    }

    package var isBusy: Bool { self.running.load(ordering: .relaxed) >= self.busyThreshold }
}
