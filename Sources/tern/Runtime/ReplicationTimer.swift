import Logging
import TernCore
import TernObjects
import TernPorts
import TernS3Protocol

/// Looks after replication time: tells of the thresholds that pass, and stores the attainment of the months.
struct ReplicationTimer: Sendable {
    let service: ObjectService
    let wall: any WallClock
    let logger: Logger

    private static let interval = Duration.seconds(1)
    /// Of these seconds' statistics a process loses at most what was gathered in them.
    private static let storingInterval = Duration.seconds(10)

    func run() async {
        var stored = self.wall.now
        while (try? await self.wall.sleep(until: self.wall.now + Self.interval)) != nil {
            do throws(S3Error) {
                let count = try await self.service.missDeadlines()
                if count > 0 {
                    self.logger.warning(
                        "operations missed the threshold of replication time", metadata: ["count": "\(count)"])
                }
                // The clock may have been set back.
                if self.wall.now - stored >= Self.storingInterval || self.wall.now < stored {
                    try await self.store()
                    stored = self.wall.now
                }
            } catch {
                self.logger.error(
                    "replication time cannot be looked after; will try again", metadata: ["error": "\(error.message)"])
            }
        }
        do throws(S3Error) {
            try await self.store()
        } catch {
            self.logger.error(
                "the last statistics of replication time are lost", metadata: ["error": "\(error.message)"])
        }
    }

    private func store() async throws(S3Error) {
        try await self.service.attainment.store(in: self.service.metadata)
    }
}
