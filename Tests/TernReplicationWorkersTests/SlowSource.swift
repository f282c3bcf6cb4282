import NIOCore
import Synchronization
import TernCore
import TernPorts
import TernTestSupport

/// A body that ends only when told: a client that takes its time.
final class SlowSource: HTTPBodySource {
    private let clock: ManualClock
    private let state = Mutex((isAsked: false, isFinished: false))

    init(clock: ManualClock) {
        self.clock = clock
    }

    var isAsked: Bool { self.state.withLock { $0.isAsked } }

    func finish() { self.state.withLock { $0.isFinished = true } }

    func next() async throws -> ByteBuffer? {
        self.state.withLock { $0.isAsked = true }
        while !self.state.withLock({ $0.isFinished }) { await Task.yield() }
        return nil
    }
}
