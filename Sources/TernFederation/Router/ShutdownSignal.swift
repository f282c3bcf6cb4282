import Synchronization

/// Tells requests that wait for something that the region is about to stop, so that they answer with what they have.
package final class ShutdownSignal: Sendable {
    private let requested = Atomic<Bool>(false)

    package init() {}

    package var isRequested: Bool { self.requested.load(ordering: .relaxed) }

    package func request() {
        self.requested.store(true, ordering: .relaxed)
    }
}
