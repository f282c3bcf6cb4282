import Logging
import TernCore
import TernObjects
import TernPorts

/// Carries out the lifecycle configurations of the region's buckets soon after the start, and then again and again.
///
/// It reads a page, acts, and rests before the next; while clients keep the region busy the rests are long, so that
/// lifecycle takes little of what they need and still comes to an end (spec rule LC-9).
struct LifecycleRunner: Sendable {
    let service: ObjectService
    let interval: Duration
    let clients: ClientActivity
    let wall: any WallClock
    let logger: Logger

    private static let firstDelay = Duration.seconds(60)
    private static let rest = Duration.milliseconds(5)
    private static let longRest = Duration.milliseconds(250)
    /// Long rests in a row: with them, 200 versions are looked at every ten seconds however busy the region is.
    private static let maximumLongRests = 40

    func run() async {
        var delay = min(self.interval, Self.firstDelay)
        while !Task.isCancelled {
            guard (try? await self.wall.sleep(until: self.wall.now + delay)) != nil else { return }
            delay = self.interval
            do {
                _ = try await self.service.runLifecycle(pause: Self.pause(for: self.clients, wall: self.wall))
            } catch {
                self.logger.warning("lifecycle broke off; trying again later", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Between pages of what nobody waits for: a short rest, and long ones while clients keep the region busy.
    static func pause(for clients: ClientActivity, wall: any WallClock) -> @Sendable () async -> Bool {
        { @Sendable in
            var rests = 0
            repeat {
                let length = clients.isBusy ? Self.longRest : Self.rest
                guard (try? await wall.sleep(until: wall.now + length)) != nil else { return false }
                rests += 1
            } while clients.isBusy && rests < Self.maximumLongRests
            return true
        }
    }
}
