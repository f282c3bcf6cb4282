import Logging
import TernControlPlane
import TernCore
import TernFederation
import TernPorts
import TernRecords
import TernS3Protocol

/// Tells the home region, now and then, whose credentials were used here.
struct UseReporting: Sendable {
    let recorder: UseRecorder
    let accounts: AccountAdministration
    /// `nil` in the home region.
    let client: PeerClient?
    let wall: any WallClock
    let logger: Logger

    private static let interval = Duration.seconds(5)

    func run() async {
        var isFailing = false
        while !Task.isCancelled {
            guard (try? await self.wall.sleep(until: self.wall.now + Self.interval)) != nil else { return }
            let uses = self.recorder.take()
            if uses.isEmpty { continue }
            do {
                if let client = self.client {
                    try await client.report(uses)
                } else {
                    try await self.accounts.record(uses)
                }
                isFailing = false
            } catch {
                self.recorder.giveBack(uses)
                if !isFailing {
                    self.logger.warning(
                        "uses of access keys and roles are not recorded; will try again",
                        metadata: ["error": "\(error)"])
                }
                isFailing = true
            }
        }
    }
}
