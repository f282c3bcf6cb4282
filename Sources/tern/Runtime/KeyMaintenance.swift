import TernControlPlane
import TernCore
import TernPorts

/// Rotates keys that are due, and ends those whose waiting time is over.
struct KeyMaintenance: Sendable {
    let keys: KeyManager
    /// Asked before a key is destroyed; `nil` destroys none unless deletion is forced.
    let usage: (any KeyUsage)?
    let forcesDeletion: Bool
    let wall: any WallClock

    private static let interval = Duration.seconds(60)

    func run() async {
        while !Task.isCancelled {
            await self.keys.runMaintenance(usage: self.usage, forcesDeletion: self.forcesDeletion)
            guard (try? await self.wall.sleep(until: self.wall.now + Self.interval)) != nil else { return }
        }
    }
}
