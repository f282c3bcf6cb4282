import Synchronization
package import TernCore
package import TernPorts

/// Makes version IDs and stamps for one region: the hybrid clock of `TernCore` behind a lock.
package final class VersionClock: Sendable {
    private let clock: Mutex<HybridClock>
    private let wall: any WallClock
    private let random: any RandomSource
    private let origin: UInt32

    package init(region: RegionName, wall: any WallClock, random: any RandomSource) {
        self.clock = Mutex(HybridClock())
        self.wall = wall
        self.random = random
        self.origin = region.tag
    }

    package var now: Timestamp { self.wall.now }

    /// A stamp later than all that this region made or saw, and later than `floor`.
    package func stamp(after floor: HybridTimestamp = .zero) -> HybridTimestamp {
        let now = self.wall.now
        return self.clock.withLock { clock in
            clock.advance(past: floor)
            return clock.tick(now: now)
        }
    }

    /// An ID for a version that is created now, on top of a version stamped `floor`.
    package func versionID(after floor: HybridTimestamp = .zero) -> VersionID {
        VersionID(stamp: self.stamp(after: floor), origin: self.origin, random: self.random.next())
    }

    /// Takes note of a peer's stamp; `false` when it is absurdly far in the future.
    package func observe(_ stamp: HybridTimestamp) -> Bool {
        let now = self.wall.now
        return self.clock.withLock { $0.observe(stamp, now: now) }
    }

    package func randomBits() -> UInt64 { self.random.next() }
}
