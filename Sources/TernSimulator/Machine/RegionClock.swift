import Synchronization
import TernCore
import TernPorts

/// The clock of one region: off by some time, and set forward and back by hand now and then.
final class RegionClock: WallClock {
    /// 2026-01-01, when every world begins.
    static let epoch: Int64 = 1_767_225_600_000

    private let timeline: Timeline
    private let offset: Mutex<Int64>

    init(timeline: Timeline, skewMilliseconds: Int64) {
        self.timeline = timeline
        self.offset = Mutex(skewMilliseconds)
    }

    var now: Timestamp {
        Timestamp(milliseconds: Self.epoch + self.timeline.now + self.offset.withLock { $0 })
    }

    func step(milliseconds: Int64) { self.offset.withLock { $0 += milliseconds } }
    func set(skewMilliseconds: Int64) { self.offset.withLock { $0 = skewMilliseconds } }

    /// As the server's clock does it: the remaining time is measured at once, and a step does not change it.
    func sleep(until deadline: Timestamp) async throws {
        let remaining = deadline.milliseconds - self.now.milliseconds
        if remaining > 0 { try await self.timeline.sleep(milliseconds: remaining) }
    }
}
