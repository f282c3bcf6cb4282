import Logging
import NIOCore
import Synchronization
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol
import TernStorage

/// The regions of one seed, and what clients know of them.
final class World: Sendable {
    private struct Content: Sendable {
        var seed: UInt8
        var byteCount: Int
    }

    private struct State {
        var operations = 0
        var contents: [Int: Content] = [:]
    }

    let parts: WorldParts
    let regions: [String: SimulatedRegion]
    let ledger: Ledger
    let receivers: Receivers
    private let state = Mutex(State())

    init(parts: WorldParts) {
        self.parts = parts
        var keys: [String: SimulatedKeys] = [:]
        for region in parts.scenario.regions {
            keys[region] = SimulatedKeys(dice: parts.dice.fork("keys of \(region)"), timeline: parts.timeline)
        }
        let ledger = Ledger(book: Book(access: parts.access, keys: keys), timeline: parts.timeline)
        let receivers = Receivers()
        var regions: [String: SimulatedRegion] = [:]
        for name in parts.scenario.regions {
            guard let keys = keys[name] else { continue }
            regions[name] = SimulatedRegion(name: name, world: parts, receivers: receivers, keys: keys, watcher: ledger)
        }
        self.regions = regions
        self.ledger = ledger
        self.receivers = receivers
    }

    /// In the order of the scenario, for everything whose order matters.
    var orderedRegions: [SimulatedRegion] { self.parts.scenario.regions.compactMap { self.regions[$0] } }

    var operationCount: Int { self.state.withLock { $0.operations } }

    func nextOperation() -> Int {
        self.state.withLock { state in
            state.operations += 1
            return state.operations
        }
    }

    // MARK: Contents

    /// The bytes that a request sends.
    func content(of operation: Int, byteCount: Int) -> ByteBuffer {
        let content = Content(seed: UInt8(truncatingIfNeeded: operation), byteCount: byteCount)
        self.state.withLock { $0.contents[operation] = content }
        return Self.bytes(content)
    }

    /// What a request copies.
    func copyContent(of version: VersionID, to operation: Int) {
        let maker = self.ledger.read { $0.makers[version] }
        self.state.withLock { state in
            if let maker { state.contents[operation] = state.contents[maker] }
        }
    }

    /// The bytes that a version must have, if a request has made it that is known to have sent them.
    func content(of version: VersionID) -> ByteBuffer? {
        guard let maker = self.ledger.read({ $0.makers[version] }) else { return nil }
        return self.state.withLock { $0.contents[maker] }.map { Self.bytes($0) }
    }

    private static func bytes(_ content: Content) -> ByteBuffer {
        ByteBuffer(bytes: (0..<content.byteCount).map { UInt8(truncatingIfNeeded: $0 / 3) ^ content.seed })
    }

    // MARK: Buckets

    /// Makes a bucket of the scenario and tells all regions of it, however often something fails.
    func makeBucket(_ bucket: Scenario.Bucket) async throws {
        guard let name = BucketName(bucket.name) else { return }
        let document = ObjectOwnership.objectWriter
        var settings = BucketSettings()
        settings.isObjectLockEnabled = bucket.hasObjectLock
        settings.ownership = bucket.hasACLs ? document : .bucketOwnerEnforced
        let wanted = settings
        await self.insist(in: bucket.region) { service throws(S3Error) in
            _ = try await service.createBucket(
                name, owner: AccountID(trusted: bucket.owner), locationConstraint: "", settings: wanted)
            if !bucket.hasObjectLock { try await service.setVersioning(.enabled, of: bucket.name) }
        }
        let known = Mutex<DirectoryRecord?>(nil)
        await self.insist(in: bucket.region) { service throws(S3Error) in
            let found = try await service.directory.record(bucket.name)
            known.withLock { $0 = found }
        }
        guard let record = known.withLock({ $0 }) else { return }
        for other in self.parts.scenario.regions where other != bucket.region {
            await self.insist(in: other) { service throws(S3Error) in try await service.directory.anticipate(record) }
        }
        // Until here some region's directory may have had no such bucket.
        self.ledger.write { $0.lastMissing[bucket.name] = $0.now }
    }

    /// Tells the other regions that a bucket is gone.
    func forget(_ bucket: Scenario.Bucket) async {
        for other in self.parts.scenario.regions where other != bucket.region {
            await self.insist(in: other) { service throws(S3Error) in
                guard let record = try await service.directory.record(bucket.name) else { return }
                try await service.directory.anticipateRemoval(of: bucket.name, bucketID: record.bucketID)
            }
        }
    }

    /// Does something in a region until it has been done.
    private func insist(
        in region: String, _ body: @Sendable (ObjectService) async throws(S3Error) -> Void
    ) async {
        for _ in 0..<1000 {
            if let service = self.regions[region]?.service {
                do throws(S3Error) {
                    try await body(service)
                    return
                } catch  where error.code == "BucketAlreadyOwnedByYou" {
                    return
                } catch {
                    // Again: the disk or the process failed.
                }
            }
            await self.parts.timeline.pass(milliseconds: 300)
        }
    }

    /// Stores a configuration, which the oracle has to know by then.
    func configure(_ bucket: String, _ model: ConfigurationModel, by service: ObjectService) async throws(S3Error) {
        let document = model.document
        self.ledger.write { $0.configurations[document] = model }
        try await service.setReplication(document, of: bucket)
    }

    func configureAtStart() async {
        let dice = self.parts.dice.fork("configurations")
        for bucket in self.parts.scenario.buckets {
            guard self.parts.scenario.isMesh || dice.chance(0.75) else { continue }
            let model = self.parts.scenario.configuration(for: bucket, dice: dice)
            await self.insist(in: bucket.region) { service throws(S3Error) in
                try await self.configure(bucket.name, model, by: service)
            }
        }
    }
}
