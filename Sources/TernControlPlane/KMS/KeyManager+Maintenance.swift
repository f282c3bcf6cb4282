import Logging
import Synchronization
import TernCore
import TernPorts
import TernRecords

/// Knows which keys are still needed (KMS-8).
package protocol KeyUsage: Sendable {
    /// Whether an object of this region can be read only with a key.
    func isNeeded(keyARN: String) async throws -> Bool
}

extension KeyManager {
    /// How long a key whose deletion was postponed is left alone.
    private static let postponement = Duration.seconds(3600)

    /// Does what time brings: rotations, and the end of deleted keys; and what other regions could not be told before.
    ///
    /// - Parameters:
    ///   - usage: Asked before a key is destroyed; `nil` destroys none.
    ///   - forcesDeletion: Whether keys are destroyed although objects need them.
    package func runMaintenance(usage: (any KeyUsage)?, forcesDeletion: Bool) async {
        await self.rotateDueKeys()
        await self.synchronizeAll()
        let now = self.now()
        let due = self.table.withLock { table in
            table.keys.values.filter { Self.isDue($0.record, now) }.map(\.record)
        }
        for record in due where forcesDeletion || self.mayAsk(record.id, now) {
            do {
                if !forcesDeletion {
                    guard let usage else { continue }
                    if try await usage.isNeeded(keyARN: self.arn(of: record)) {
                        self.postpone(record, until: now + Self.postponement)
                        continue
                    }
                }
                try await self.announceRemoval(of: record)
                try await self.destroy(record.id, now)
            } catch {
                self.logger.warning(
                    "a key could not be deleted", metadata: ["key": "\(record.id)", "error": "\(error)"])
            }
        }
    }

    private static func isDue(_ record: KeyRecord, _ now: Timestamp) -> Bool {
        record.state == .pendingDeletion && record.deletionMs <= now.milliseconds
    }

    private func mayAsk(_ id: String, _ now: Timestamp) -> Bool {
        self.postponed.withLock { $0[id].map { $0 <= now } ?? true }
    }

    private func postpone(_ record: KeyRecord, until time: Timestamp) {
        let isNew = self.postponed.withLock { $0.updateValue(time, forKey: record.id) == nil }
        if isNew {
            self.logger.warning(
                "a key is kept beyond its deletion date: objects are encrypted with it",
                metadata: ["key": "\(self.arn(of: record))"])
        }
    }

    /// Removes a key for good, with its aliases and grants.
    private func destroy(_ id: String, _ now: Timestamp) async throws(KeyServiceError) {
        try await self.write { table throws(KeyServiceError) in
            guard let key = table.keys[id], Self.isDue(key.record, now) else { return ([], ()) }
            var changes: [KeyStore.Change] = [.removeKey(id: id)]
            for name in table.aliasesOfKey[id] ?? [] {
                changes.append(.removeAlias(account: key.record.account, name: name))
            }
            for grant in (table.grants[id] ?? [:]).keys { changes.append(.removeGrant(key: id, id: grant)) }
            return (changes, ())
        }
        self.postponed.withLock { $0[id] = nil }
        self.logger.notice("a key is deleted", metadata: ["key": "\(id)"])
    }
}
