import TernControlPlane
import TernCore
import TernObjects
import TernPorts

/// Rotates keys that are due, and ends those whose waiting time is over.
struct KeyMaintenance: Sendable {
    let keys: KeyManager
    /// Asked before a key is destroyed.
    let usage: any KeyUsage
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

/// The objects of the region, as KMS asks about them.
struct ObjectKeyUsage: KeyUsage {
    let service: ObjectService

    func isNeeded(keyARN: String) async throws -> Bool {
        try await !self.service.items(encryptedWithKey: keyARN, limit: 1).isEmpty
    }
}
