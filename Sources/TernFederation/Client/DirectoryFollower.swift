package import Logging
import TernCore
package import TernPorts

/// Keeps this region's copy of the directory up with the home region's, by its change log.
package struct DirectoryFollower: Sendable {
    private let copy: DirectoryCopy
    private let wall: any WallClock
    private let random: any RandomSource
    private let logger: Logger

    private static let delayBase = Duration.milliseconds(200)
    private static let delayCeiling = Duration.seconds(5)

    package init(
        copy: DirectoryCopy,
        wall: any WallClock,
        random: any RandomSource,
        logger: Logger
    ) {
        self.copy = copy
        self.wall = wall
        self.random = random
        self.logger = logger
    }

    /// Works until cancelled.
    package func run() async {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await self.pull()
                if failures > 0 { self.logger.info("the directory is followed again") }
                failures = 0
            } catch {
                if failures == 0, !Task.isCancelled {
                    self.logger.warning(
                        "the directory cannot be followed; will try again", metadata: ["error": "\(error)"])
                }
                failures += 1
                let bound = min(Self.delayBase * (1 << min(failures - 1, 10)), Self.delayCeiling)
                let delay = max(bound * self.random.nextFraction(), .milliseconds(50))
                // Cancellation is seen by the loop.
                try? await self.wall.sleep(until: self.wall.now + delay)
            }
        }
    }

    /// Asks for changes once, waiting for some, and applies them.
    package func pull() async throws {
        try await self.copy.pull(waitMilliseconds: PeerPath.maximumWaitMilliseconds)
    }
}
