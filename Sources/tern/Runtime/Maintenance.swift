import Logging
import TernCore
import TernObjects
import TernPorts

/// Removes leftovers soon after the start, and then every hour.
struct Maintenance: Sendable {
    let service: ObjectService
    let wall: any WallClock
    let logger: Logger

    private static let firstDelay = Duration.seconds(10)
    private static let interval = Duration.seconds(3600)

    func run() async {
        var delay = Self.firstDelay
        while !Task.isCancelled {
            guard (try? await self.wall.sleep(until: self.wall.now + delay)) != nil else { return }
            delay = Self.interval
            do {
                // The home region's; the others have none.
                try await self.service.directory.shortenLog()
            } catch {
                self.logger.warning(
                    "the directory's log is not shortened; trying again in an hour", metadata: ["error": "\(error)"])
            }
            do {
                _ = try await self.service.collect()
            } catch {
                self.logger.warning("leftovers not collected; trying again in an hour", metadata: ["error": "\(error)"])
            }
        }
    }
}
