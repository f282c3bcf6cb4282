import Logging
import SwiftProtobuf
import Synchronization
package import TernCore
package import TernPorts
package import TernRecords

/// The other regions of the federation, as KMS asks them.
package protocol KeyPeers: Sendable {
    var regions: Set<RegionName> { get }

    /// Sends a region what ``KeyManager/answerPeer(_:)`` there is to read, and returns its answer.
    func exchange(_ request: [UInt8], with region: RegionName) async throws -> [UInt8]
}

/// What ReplicateKey is told.
package struct NewReplica: Sendable {
    package var region: String
    package var policy: String?
    package var description = ""
    package var tags: [Tag] = []
    package var bypassesLockoutCheck = false

    package init(region: String) { self.region = region }
}

/// Keys of several regions (KMS-9): primary and replicas share ID and bytes, and have a policy, aliases, tags and a state
/// of their own.
///
/// The primary decides about what is shared, counts its changes, and sends them to the replicas until each has the last.
/// What regions tell each other is sealed by the root key, which they share.
extension KeyManager {
    private static let requestLabel = "kms-peer-request"
    private static let answerLabel = "kms-peer-answer"
    /// By so much a change of the primary goes before all that the old one may still change meanwhile.
    private static let primaryChange: UInt64 = 1 << 20

    package func connect(to peers: any KeyPeers) { self.peers.withLock { $0 = peers } }

    // MARK: Operations

    /// - Returns: The record of the replica.
    package func replicateKey(
        _ id: String, _ new: NewReplica, _ caller: KeyCaller
    ) async throws(KeyServiceError) -> KeyRecord {
        let found = try await self.find(id, caller, action: "kms:ReplicateKey", .own)
        try self.check(tags: new.tags)
        try await self.authorize(
            "ReplicateKey", on: found, caller, extra: ["kms:ReplicaRegion": [new.region]])
        var extra = Self.context(requestTags: new.tags)
        extra["aws:RequestedRegion"] = [new.region]
        extra["kms:MultiRegion"] = ["true"]
        extra["kms:MultiRegionKeyType"] = ["REPLICA"]
        try await self.authorize("CreateKey", resource: "*", caller, extra: extra)
        let primary = found.key.record
        try self.requireUsable(primary)
        try self.requirePrimary(primary)
        let region = try self.peer(new.region)
        guard !primary.replicaRegions.contains(new.region) else { throw Self.replicaExists(new.region) }

        var replica = primary
        replica.createdMs = self.now().milliseconds
        replica.description_p = new.description
        replica.tags = new.tags.map(TagPair.init)
        replica.replicaRegions.append(new.region)
        replica.unsynchronizedRegions = []
        try await self.setPolicy(
            new.policy ?? KeyPolicies.standard(for: found.key.account), of: &replica, caller,
            bypassesLockoutCheck: new.bypassesLockoutCheck)
        var request = KeyPeerRequest()
        request.create = replica
        try await self.ask(request, region)
        try await self.modify(primary.id) { record throws(KeyServiceError) in
            if record.replicaRegions.contains(new.region) { return }
            record.replicaRegions.append(new.region)
            self.changeShared(&record)
        }
        await self.synchronize(primary.id)
        return replica
    }

    package func updatePrimaryRegion(
        _ id: String, _ text: String, _ caller: KeyCaller
    ) async throws(KeyServiceError) {
        let found = try await self.find(id, caller, action: "kms:UpdatePrimaryRegion", .own)
        try await self.authorize("UpdatePrimaryRegion", on: found, caller, extra: ["kms:PrimaryRegion": [text]])
        var record = found.key.record
        try self.requireUsable(record)
        try self.requirePrimary(record)
        let region = try self.peer(text)
        guard record.replicaRegions.contains(text) else {
            throw .noSuchKey(arn: KeyIdentifier.arn(key: record.id, account: found.key.account, region: region))
        }
        record.replicaRegions.removeAll { $0 == text }
        record.replicaRegions.append(self.region.description)
        record.primaryRegion = text
        record.sharedRevision += Self.primaryChange
        var request = KeyPeerRequest()
        request.share = record
        try await self.ask(request, region)
        let changed = record
        try await self.modify(record.id) { record throws(KeyServiceError) in self.takeShared(&record, changed) }
    }

    private func peer(_ text: String) throws(KeyServiceError) -> RegionName {
        let peers = self.peers.withLock { $0 }
        guard let region = RegionName(text), region != self.region, peers?.regions.contains(region) == true else {
            throw .validation("\(text) is no other region of this federation.")
        }
        return region
    }

    private static func replicaExists(_ region: String) -> KeyServiceError {
        KeyServiceError(
            code: "AlreadyExistsException",
            message: "Unable to replicate the key to region \(region): it exists there already.")
    }

    /// What only the primary does.
    func requirePrimary(_ record: KeyRecord) throws(KeyServiceError) {
        guard self.isPrimary(record) else {
            throw .unsupported("\(self.arn(of: record)) is not a multi-region primary key.")
        }
    }

    // MARK: Asking

    private func ask(_ request: KeyPeerRequest, _ region: RegionName) async throws(KeyServiceError) {
        guard let peers = self.peers.withLock({ $0 }) else {
            throw .internalFailure("This region knows no others yet. Please retry.")
        }
        let answer: KeyPeerAnswer
        do {
            let sealed = self.rootKey.seal(try request.serializedBytes(), label: Self.requestLabel)
            guard
                let opened = self.rootKey.open(
                    try await peers.exchange(sealed, with: region), label: Self.answerLabel)
            else { throw KeyServiceError.internalFailure("Region \(region) has another root key, or none.") }
            answer = try KeyPeerAnswer(serializedBytes: opened)
        } catch {
            self.logger.warning(
                "a region is not asked about keys", metadata: ["region": "\(region)", "error": "\(error)"])
            throw error as? KeyServiceError ?? .internalFailure("Region \(region) cannot be reached. Please retry.")
        }
        guard answer.errorCode.isEmpty else {
            throw KeyServiceError(code: answer.errorCode, message: answer.errorMessage)
        }
    }

    /// Sends the shared part of a key to the regions that do not have it yet.
    func synchronize(_ id: String) async {
        guard let record = self.table.withLock({ $0.keys[id]?.record }), self.isPrimary(record) else { return }
        var request = KeyPeerRequest()
        request.share = record
        for text in record.unsynchronizedRegions {
            guard let region = RegionName(text) else { continue }
            do {
                do {
                    try await self.ask(request, region)
                } catch  where error.code == "NotFoundException" {
                    // The replica is gone, and has told so or will.
                }
                try await self.modify(id) { current throws(KeyServiceError) in
                    guard current.sharedRevision == record.sharedRevision else { return }
                    current.unsynchronizedRegions.removeAll { $0 == text }
                }
            } catch {
                // Maintenance tries again.
                continue
            }
        }
    }

    func synchronizeAll() async {
        let waiting = self.table.withLock { table in
            table.keys.values.filter { !$0.record.unsynchronizedRegions.isEmpty }.map(\.id)
        }
        for id in waiting { await self.synchronize(id) }
    }

    /// Tells the primary that this region's replica ends.
    func announceRemoval(of record: KeyRecord) async throws(KeyServiceError) {
        guard record.isMultiRegion, !self.isPrimary(record), let primary = RegionName(record.primaryRegion) else {
            return
        }
        var removal = Tern_Records_KeyReplicaRemoval()
        removal.keyID = record.id
        removal.region = self.region.description
        var request = KeyPeerRequest()
        request.remove = removal
        do {
            try await self.ask(request, primary)
        } catch  where error.code == "NotFoundException" {
            // The primary is gone.
        }
    }

    // MARK: Answering

    /// Answers another region.
    package func answerPeer(_ sealed: [UInt8]) async throws(KeyServiceError) -> [UInt8] {
        var answer = KeyPeerAnswer()
        do throws(KeyServiceError) {
            guard let opened = self.rootKey.open(sealed, label: Self.requestLabel),
                let request = try? KeyPeerRequest(serializedBytes: opened)
            else { throw .internalFailure("Region \(self.region) has another root key.") }
            try await self.perform(request)
        } catch {
            answer.errorCode = error.code
            answer.errorMessage = error.message
        }
        let bytes: [UInt8]
        do {
            bytes = try answer.serializedBytes()
        } catch {
            throw .internalFailure("The answer to another region cannot be written: \(error)")
        }
        return self.rootKey.seal(bytes, label: Self.answerLabel)
    }

    private func perform(_ request: KeyPeerRequest) async throws(KeyServiceError) {
        switch request.request {
        case .create(let record): try await self.takeReplica(record)
        case .share(let record):
            try await self.modify(record.id) { own throws(KeyServiceError) in self.takeShared(&own, record) }
        case .remove(let removal):
            try await self.modify(removal.keyID) { record throws(KeyServiceError) in
                guard self.isPrimary(record), record.replicaRegions.contains(removal.region) else { return }
                record.replicaRegions.removeAll { $0 == removal.region }
                self.changeShared(&record)
                if record.replicaRegions.isEmpty, record.state == .pendingReplicaDeletion {
                    record.state = .pendingDeletion
                    record.deletionMs =
                        self.now().milliseconds + Int64(record.pendingWindowDays) * Self.dayMilliseconds
                }
            }
            await self.synchronize(removal.keyID)
        case nil: throw .internalFailure("Region \(self.region) does not know this request.")
        }
    }

    private func takeReplica(_ record: KeyRecord) async throws(KeyServiceError) {
        guard record.isMultiRegion, record.id.hasPrefix(KeyIdentifier.multiRegionPrefix),
            ManagedKey(record, rootKey: self.rootKey) != nil, AccountID(record.account) != nil
        else { throw .internalFailure("Region \(self.region) cannot use the key.") }
        let account = AccountID(trusted: record.account)
        try await self.write { table throws(KeyServiceError) in
            if let own = table.keys[record.id]?.record {
                // One whose maker did not hear of its success is made again.
                let isUnfinished =
                    own.account == record.account && own.state == .enabled && !self.isPrimary(own)
                    && own.materials.map(\.id) == record.materials.map(\.id)
                guard isUnfinished else { throw Self.replicaExists(self.region.description) }
            }
            guard table.keysOfAccount[account]?.count ?? 0 < self.limits.keysPerAccount else {
                throw .limit("An account may have \(self.limits.keysPerAccount) keys in a region.")
            }
            return ([.putKey(record)], ())
        }
    }

    /// Takes over what the primary says about all regions of a key, if it is news.
    private func takeShared(_ own: inout KeyRecord, _ shared: KeyRecord) {
        guard own.isMultiRegion, own.account == shared.account, shared.sharedRevision > own.sharedRevision else {
            return
        }
        // Bytes that only this region has are never dropped: something may be encrypted with them.
        let known = Set(shared.materials.map(\.id))
        own.materials = own.materials.filter { !known.contains($0.id) } + shared.materials
        own.rotates = shared.rotates
        own.rotationPeriodDays = shared.rotationPeriodDays
        own.nextRotationMs = shared.nextRotationMs
        own.primaryRegion = shared.primaryRegion
        own.replicaRegions = shared.replicaRegions
        own.sharedRevision = shared.sharedRevision
        own.unsynchronizedRegions = self.isPrimary(own) ? own.replicaRegions : []
    }
}
