package import Logging
import NIOCore
import TernCore
package import TernObjects
package import TernPorts
import TernRecords

/// Keeps this region's copy of the directory up with the home region's, by its change log.
package struct DirectoryFollower: Sendable {
    private let service: ObjectService
    private let client: PeerClient
    private let wall: any WallClock
    private let random: any RandomSource
    private let logger: Logger

    private static let delayBase = Duration.milliseconds(200)
    private static let delayCeiling = Duration.seconds(5)

    package init(
        service: ObjectService,
        client: PeerClient,
        wall: any WallClock,
        random: any RandomSource,
        logger: Logger
    ) {
        self.service = service
        self.client = client
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
        try await self.client.pullDirectory(into: self.service, waitMilliseconds: PeerPath.maximumWaitMilliseconds)
    }
}

extension PeerClient {
    /// Asks the home region for directory changes and applies them.
    func pullDirectory(into service: ObjectService, waitMilliseconds: Int64) async throws {
        let last = try await service.directory.lastSequence()
        var answer = try await self.sendExpectingOK(
            .changes, query: "after=\(last)&wait=\(waitMilliseconds)", to: self.federation.home)
        let changes = try Frames.decode(&answer.body, as: DirectoryChange.self)
        try await service.directory.apply(changes)
        for change in changes where change.hasRecord { service.registry.refresh(change.record.name) }
        await service.controlChanges.tell(changes.flatMap { $0.controlWrites.map { Array($0.key) } })
    }
}
