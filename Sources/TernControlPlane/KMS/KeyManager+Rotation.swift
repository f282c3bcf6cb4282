import Logging
import Synchronization
package import TernCore
package import TernPorts
package import TernRecords

/// What GetKeyRotationStatus answers.
package struct KeyRotationStatus: Sendable {
    package var arn: String
    package var isEnabled: Bool
    package var periodDays: Int?
    package var next: Timestamp?
}

extension KeyManager {
    static let standardRotationDays = 365
    private static let maximumOnDemandRotations = 25

    package func enableRotation(_ id: String, periodDays: Int?, _ caller: KeyCaller) async throws(KeyServiceError) {
        let found = try await self.find(id, caller, action: "kms:EnableKeyRotation", .own)
        try await self.authorize(
            "EnableKeyRotation", on: found, caller,
            extra: ["kms:RotationPeriodInDays": ["\(periodDays ?? Self.standardRotationDays)"]])
        try await self.modify(found.key.id) { record throws(KeyServiceError) in
            try self.requireUsable(record)
            try self.requireOwnRotation(record)
            let known = record.rotates ? Int(record.rotationPeriodDays) : Self.standardRotationDays
            let days = periodDays ?? known
            if record.rotates, days == known { return }
            record.rotates = true
            record.rotationPeriodDays = UInt32(days)
            record.nextRotationMs = self.now().milliseconds + Int64(days) * Self.dayMilliseconds
            self.changeShared(&record)
        }
        await self.synchronize(found.key.id)
    }

    package func disableRotation(_ id: String, _ caller: KeyCaller) async throws(KeyServiceError) {
        let found = try await self.find(id, caller, action: "kms:DisableKeyRotation", .own)
        try await self.authorize("DisableKeyRotation", on: found, caller)
        try await self.modify(found.key.id) { record throws(KeyServiceError) in
            try self.requireUsable(record)
            try self.requireOwnRotation(record)
            if !record.rotates { return }
            record.rotates = false
            record.rotationPeriodDays = 0
            record.nextRotationMs = 0
            self.changeShared(&record)
        }
        await self.synchronize(found.key.id)
    }

    package func rotationStatus(_ id: String, _ caller: KeyCaller) async throws(KeyServiceError) -> KeyRotationStatus {
        let found = try await self.find(id, caller, action: "kms:GetKeyRotationStatus", .shared)
        try await self.authorize("GetKeyRotationStatus", on: found, caller)
        let record = found.key.record
        // While a key is to be deleted it does not rotate.
        let isEnabled = record.rotates && record.state != .pendingDeletion && record.state != .pendingReplicaDeletion
        return KeyRotationStatus(
            arn: self.arn(of: record), isEnabled: isEnabled,
            periodDays: isEnabled ? Int(record.rotationPeriodDays) : nil,
            next: isEnabled ? Timestamp(milliseconds: record.nextRotationMs) : nil)
    }

    /// - Returns: The key's ARN.
    package func rotateOnDemand(_ id: String, _ caller: KeyCaller) async throws(KeyServiceError) -> String {
        let found = try await self.find(id, caller, action: "kms:RotateKeyOnDemand", .own)
        try await self.authorize("RotateKeyOnDemand", on: found, caller)
        let arn = try await self.modify(found.key.id) { record throws(KeyServiceError) in
            try self.requireUsable(record)
            try self.requireOwnRotation(record)
            guard record.materials.count(where: \.isOnDemand) < Self.maximumOnDemandRotations else {
                throw .limit("A key may be rotated on demand \(Self.maximumOnDemandRotations) times.")
            }
            self.rotate(&record, isOnDemand: true)
            return self.arn(of: record)
        }
        await self.synchronize(found.key.id)
        return arn
    }

    /// The generations of a key's bytes behind the first, oldest first.
    package func rotations(
        _ id: String, includesFirst: Bool, _ page: KeyPageRequest, _ caller: KeyCaller
    ) async throws(KeyServiceError) -> (record: KeyRecord, page: KeyPage<KeyMaterial>) {
        let found = try await self.find(id, caller, action: "kms:ListKeyRotations", .own)
        try await self.authorize("ListKeyRotations", on: found, caller)
        let record = found.key.record
        let materials = Array(record.materials.dropFirst(includesFirst ? 0 : 1))
        let places = Dictionary(uniqueKeysWithValues: materials.enumerated().map { ($1.id, $0) })
        let listed = try KeyPage(materials, limit: page.limit, marker: page.marker) { material in
            let place = "\(places[material.id] ?? 0)"
            return String(repeating: "0", count: 6 - place.count) + place
        }
        return (record, listed)
    }

    func rotate(_ record: inout KeyRecord, isOnDemand: Bool) {
        record.materials.append(
            .make(for: record.id, at: self.now(), isOnDemand: isOnDemand, rootKey: self.rootKey))
        self.changeShared(&record)
    }

    /// Rotates the keys that are due.
    func rotateDueKeys() async {
        let now = self.now().milliseconds
        let due = self.table.withLock { table in table.keys.values.filter { Self.isDue($0.record, now) }.map(\.id) }
        for id in due {
            do {
                try await self.modify(id) { record throws(KeyServiceError) in
                    guard Self.isDue(record, now), !record.isMultiRegion || self.isPrimary(record) else { return }
                    self.rotate(&record, isOnDemand: false)
                    record.nextRotationMs = now + Int64(record.rotationPeriodDays) * Self.dayMilliseconds
                }
            } catch {
                self.logger.warning("a key could not be rotated", metadata: ["key": "\(id)", "error": "\(error.code)"])
            }
        }
    }

    private static func isDue(_ record: KeyRecord, _ now: Int64) -> Bool {
        record.rotates && record.rotationPeriodDays > 0 && record.nextRotationMs <= now && record.state == .enabled
    }

    /// Rotation of a key of several regions is the primary's affair.
    private func requireOwnRotation(_ record: KeyRecord) throws(KeyServiceError) {
        if record.isMultiRegion { try self.requirePrimary(record) }
    }

    /// Notes that what all regions of a key share was changed here, and is to be sent to the others.
    func changeShared(_ record: inout KeyRecord) {
        guard record.isMultiRegion else { return }
        record.sharedRevision += 1
        record.unsynchronizedRegions = record.replicaRegions
    }
}
