import Synchronization

/// Tells whoever keeps rows of the control plane in memory that the home region's log has changed some of them here.
package final class ControlChanges: Sendable {
    package typealias Observer = @Sendable (_ keys: [[UInt8]]) async -> Bool

    private let observers = Mutex<[Observer]>([])

    package init() {}

    /// - Parameter observer: Is told the keys, and reads the rows itself; it is also called without keys, after each look
    ///   at the log. It returns whether it could: if not, it is told again.
    package func observe(_ observer: @escaping Observer) {
        self.observers.withLock { $0.append(observer) }
    }

    /// - Returns: Whether everyone has read what changed.
    package func tell(_ keys: [[UInt8]]) async -> Bool {
        var haveAllRead = true
        for observer in self.observers.withLock({ $0 }) where await !observer(keys) { haveAllRead = false }
        return haveAllRead
    }
}
