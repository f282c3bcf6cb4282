import NIOCore
import Synchronization
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage

/// A client of the world: sends random requests to random regions, one after the other.
///
/// An error tells it nothing about what was done, like a lost connection: only answers count.
final class Client: Sendable {
    let world: World
    let dice: Dice
    private let number: Int

    init(number: Int, world: World) {
        self.number = number
        self.world = world
        self.dice = world.parts.dice.fork("client \(number)")
    }

    private static let weights: [(weight: Int, element: OperationKind)] = [
        (22, .put), (5, .putLarge), (4, .multipart), (5, .copy), (9, .deleteCurrent), (9, .deleteVersion),
        (16, .tags), (4, .acl), (4, .retention), (4, .legalHold), (6, .twins), (3, .burst), (3, .configuration),
        (3, .race), (2, .versioning), (2, .permission), (2, .kmsKey), (1, .dropBucket), (6, .wait),
    ]

    /// Where there are storms, they come on top, so that the other worlds stay as they are.
    private static let stormyWeights = weights + [(10, .storm)]

    enum OperationKind: UInt8, Sendable, CaseIterable {
        case put, putLarge, multipart, copy, deleteCurrent, deleteVersion, tags, acl, retention, legalHold, twins, burst
        case configuration, race, versioning, permission, kmsKey, dropBucket, wait, storm
    }

    func run(operations: Int) async {
        let weights = self.world.parts.scenario.hasStorms ? Self.stormyWeights : Self.weights
        for _ in 0..<operations {
            if self.world.ledger.hasViolation { return }
            guard let kind = self.dice.pick(weighted: weights) else { return }
            await self.perform(kind)
        }
    }

    private func perform(_ kind: OperationKind) async {
        let scenario = self.world.parts.scenario
        switch kind {
        case .configuration where !scenario.hasConfigurationChanges,
            .versioning where !scenario.hasConfigurationChanges, .race where !scenario.hasConfigurationChanges,
            .permission where !scenario.hasPermissionChanges, .kmsKey where !scenario.hasPermissionChanges,
            .dropBucket where !scenario.hasBucketDeletion, .wait:
            await self.world.parts.timeline.pass(milliseconds: Int64(self.dice.below(3000)))
        default:
            guard let bucket = self.dice.pick(scenario.buckets) else { return }
            await self.request(kind, bucket)
        }
        if self.dice.chance(0.3) {
            await self.world.parts.timeline.pass(milliseconds: Int64(self.dice.below(400)))
        }
    }

    /// One request, under a number by which its commits are known.
    func request(_ kind: OperationKind, _ bucket: Scenario.Bucket) async {
        let number = self.world.nextOperation()
        guard let region = self.world.regions[bucket.region] else { return }
        guard let service = region.service else {
            await self.world.parts.timeline.pass(milliseconds: 200)
            return
        }
        let start = self.world.parts.timeline.now
        var outcome = "done"
        await Doer.$current.withValue(.client(number)) {
            do {
                try await self.carryOut(kind, number, bucket, service)
            } catch let error as S3Error {
                outcome = error.code
            } catch {
                outcome = "\(error)"
            }
        }
        self.world.parts.trace.note(
            6, UInt64(kind.rawValue), line: "client \(self.number): \(kind) #\(number) in \(bucket.name): \(outcome)")
        let seconds = (self.world.parts.timeline.now - start) / 1000
        if seconds > Self.longestRequestSeconds {
            self.world.ledger.report(.availability, "a request of a client (\(kind)) took \(seconds) s")
        }
    }

    /// No request waits for another region, so that only the disk of its own can make it slow.
    private static let longestRequestSeconds: Int64 = 300

    private func carryOut(
        _ kind: OperationKind, _ number: Int, _ bucket: Scenario.Bucket, _ service: ObjectService
    ) async throws {
        let key = try ObjectKey(self.dice.pick(Scenario.keys) ?? "c")
        switch kind {
        case .put:
            try await self.put(number, key, bucket, service, size: self.dice.pick([0, 1, 90, 255, 600, 1000]) ?? 1)
        case .putLarge: try await self.put(number, key, bucket, service, size: 1025 + self.dice.below(2000))
        case .multipart: try await self.multipart(number, key, bucket, service)
        case .copy: try await self.copy(number, key, bucket, service)
        case .deleteCurrent:
            let deleted = try await service.deleteCurrent(key, in: bucket.name, condition: .none)
            if case .id(let id)? = deleted.version { self.acknowledge(number, id) }
        case .deleteVersion:
            guard let copy = self.someVersion(in: bucket, markers: true) else { return }
            _ = try await service.deleteVersion(
                copy.record.reference, of: ObjectKey(copy.key), in: bucket.name, condition: .none,
                bypassesGovernance: true)
            self.acknowledge(number, nil)
        case .tags, .acl, .retention, .legalHold:
            guard let copy = self.someVersion(in: bucket, markers: false) else { return }
            try await self.change(kind, number, copy, bucket.name, service, value: self.dice.below(1000))
        case .twins: try await self.changeAtOnce()
        case .burst: try await self.changeOften(bucket, service)
        case .storm: await self.storm(bucket)
        case .race: await self.putWhileConfigurationChanges(bucket, service)
        case .configuration: try await self.configure(bucket, service)
        case .versioning:
            try await service.setVersioning(self.dice.chance(0.4) ? .suspended : .enabled, of: bucket.name)
        case .permission: self.changePermission(bucket)
        case .kmsKey:
            let state = self.dice.pick(SimulatedKeys.KeyState.allCases) ?? .enabled
            self.world.regions[bucket.region]?.keys.set(
                SimulatedKeys.arn(region: bucket.region, number: self.dice.below(2)), state)
        case .dropBucket: try await self.drop(bucket, service)
        case .wait: break
        }
    }

    // MARK: Objects

    private func attributes(in bucket: Scenario.Bucket) -> ObjectAttributes {
        var attributes = ObjectAttributes()
        if self.dice.chance(0.4), let tag = self.dice.pick(Scenario.tags) {
            attributes.tags = [Tag(key: tag.key, value: tag.value)]
            if self.dice.chance(0.3) { attributes.tags = [Tag(key: "k", value: "1"), Tag(key: "m", value: "1")] }
        }
        if self.dice.chance(0.1) { attributes.storageClass = self.dice.chance(0.5) ? .glacier : .standardIA }
        if bucket.hasObjectLock, self.dice.chance(0.1) { attributes.legalHold = self.dice.chance(0.3) }
        if self.world.parts.scenario.hasEncryption, self.dice.chance(0.4) {
            let arn = SimulatedKeys.arn(region: bucket.region, number: 0)
            attributes.encryption = EncryptionRequest(
                self.dice.chance(0.8) ? .kms(.init(keyID: arn)) : .doubleKMS(.init(keyID: arn)))
        }
        return attributes
    }

    private func put(
        _ number: Int, _ key: ObjectKey, _ bucket: Scenario.Bucket, _ service: ObjectService, size: Int
    ) async throws {
        let content = self.world.content(of: number, byteCount: size)
        let written = try await service.putObject(
            key, in: bucket.name, attributes: self.attributes(in: bucket), body: SentBody(content, breaksAt: nil),
            digests: ExpectedDigests(), condition: .none)
        self.acknowledge(number, written.record.versionID)
    }

    private func multipart(
        _ number: Int, _ key: ObjectKey, _ bucket: Scenario.Bucket, _ service: ObjectService
    ) async throws {
        let partCount = 1 + self.dice.below(3)
        let partBytes = 100 + self.dice.below(800)
        var content = self.world.content(of: number, byteCount: partCount * partBytes)
        let upload = try await service.createUpload(
            key, in: bucket.name, attributes: self.attributes(in: bucket),
            initiator: AccountID(trusted: bucket.owner), algorithm: nil, type: .fullObject)
        var parts: [CompleteMultipartUploadXML.Part] = []
        for partNumber in 1...partCount {
            guard let bytes = content.readSlice(length: partBytes) else { return }
            let state = try await service.registry.state(bucket.name)
            let cipher = try await service.cipher(of: upload, in: state, access: KeyAccess(.objectStore))
            let (part, _) = try await service.putPart(
                partNumber, of: upload, in: state, cipher: cipher, body: SentBody(bytes, breaksAt: nil),
                clientAlgorithm: nil, digests: ExpectedDigests())
            parts.append(.init(number: partNumber, etag: part.layout.etag))
        }
        if self.dice.chance(0.1) {
            try await service.abortUpload(upload, in: try await service.registry.state(bucket.name))
            return
        }
        let completed = try await service.completeUpload(
            upload.id.wireForm, of: key, in: bucket.name, request: CompletionRequest(parts: parts))
        if case .id(let id) = completed.version { self.acknowledge(number, id) }
    }

    private func copy(
        _ number: Int, _ key: ObjectKey, _ bucket: Scenario.Bucket, _ service: ObjectService
    ) async throws {
        let sources = self.world.parts.scenario.buckets.filter { $0.region == bucket.region }
        guard let source = self.dice.pick(sources), let copy = self.someVersion(in: source, markers: false) else {
            return
        }
        let state = try await service.registry.state(source.name)
        guard let version = try await service.version(identity: copy.id, of: ObjectKey(copy.key), in: state) else {
            return
        }
        let written = try await service.copyObject(
            from: version, in: state, to: key, in: bucket.name, attributes: self.attributes(in: bucket),
            access: KeyAccess(.objectStore), algorithm: .crc64nvme, condition: .none)
        self.world.copyContent(of: copy.id, to: number)
        self.acknowledge(number, written.record.versionID)
    }

    /// One of the versions that stand in the bucket now.
    func someVersion(in bucket: Scenario.Bucket, markers: Bool) -> Copy? {
        let copies = self.world.ledger.read { book in
            (book.bucket(named: bucket.name)?.versions.values).map { Array($0) } ?? []
        }
        return self.dice.pick(
            copies.filter { markers || !$0.record.isDeleteMarker }.sorted { $0.id < $1.id })
    }

    /// An answer of success: its commit must have been there before (invariant 11).
    private func acknowledge(_ number: Int, _ version: VersionID?) {
        self.world.ledger.write { book in
            if let version, book.makers[version] != number {
                book.report(.durability, "version \(version) was acknowledged, and is not committed")
            } else if version == nil, book.commitsOf[number] == nil {
                // Somebody else has removed it before.
                return
            }
        }
    }

    // MARK: Buckets, permissions

    /// Writes that are planned while their rules change.
    private func putWhileConfigurationChanges(_ bucket: Scenario.Bucket, _ service: ObjectService) async {
        let changes = self.dice.chance(0.8)
        await withDiscardingTaskGroup { group in
            for _ in 0..<(1 + self.dice.below(3)) {
                let number = self.world.nextOperation()
                guard let key = try? ObjectKey(self.dice.pick(Scenario.keys) ?? "c") else { continue }
                group.addTask {
                    await self.perform(as: number) { number in
                        try await self.put(number, key, bucket, service, size: 90)
                    }
                }
            }
            let number = self.world.nextOperation()
            group.addTask {
                await self.perform(as: number) { _ in
                    if changes {
                        try await self.configure(bucket, service)
                    } else {
                        try await service.setVersioning(self.dice.chance(0.5) ? .suspended : .enabled, of: bucket.name)
                    }
                }
            }
        }
    }

    /// A request within another one. What it comes to is in the books.
    func perform(as number: Int, _ body: (Int) async throws -> Void) async {
        await Doer.$current.withValue(.client(number)) {
            try? await body(number)
        }
    }

    private func configure(_ bucket: Scenario.Bucket, _ service: ObjectService) async throws {
        if self.dice.chance(0.15) {
            try await service.setReplication(nil, of: bucket.name)
            return
        }
        let model = self.world.parts.scenario.configuration(for: bucket, dice: self.dice)
        try await self.world.configure(bucket.name, model, by: service)
    }

    private func changePermission(_ bucket: Scenario.Bucket) {
        let buckets = self.world.parts.scenario.buckets
        guard let source = self.dice.pick(buckets) else { return }
        let role = "replication-of-\(source.name)"
        let access = self.world.parts.access
        let grants: [SimulatedAccess.Grant] =
            switch self.dice.below(6) {
            case 0: [.init(role: role, action: SimulatedAccess.Grant.assumption, bucket: "")]
            case 1:
                // Either is enough for most versions.
                ["s3:GetObjectVersionForReplication", "s3:GetObjectVersion"].map {
                    .init(role: role, action: $0, bucket: source.name)
                }
            case 2: [.init(role: role, action: "s3:ReplicateDelete", bucket: bucket.name)]
            case 3: [.init(role: role, action: "s3:ObjectOwnerOverrideToBucketOwner", bucket: bucket.name)]
            default: [.init(role: role, action: "s3:ReplicateObject", bucket: bucket.name)]
            }
        let isDenied = self.dice.chance(0.5)
        for grant in grants { if isDenied { access.deny(grant) } else { access.allow(grant) } }
        if !isDenied, self.dice.chance(0.5) { access.allowEverything() }
    }

    /// Empties a bucket, deletes it, and makes another of its name after a while.
    private func drop(_ bucket: Scenario.Bucket, _ service: ObjectService) async throws {
        let copies = self.world.ledger.read { book in
            (book.bucket(named: bucket.name)?.versions.values).map { Array($0) } ?? []
        }
        for copy in copies.sorted(by: { $0.id < $1.id }) {
            _ = try await service.deleteVersion(
                copy.record.reference, of: ObjectKey(copy.key), in: bucket.name, condition: .none,
                bypassesGovernance: true)
        }
        // Its region says that there is none from when the deletion begins, and the home region may be long away then.
        self.world.ledger.write { $0.lastMissing[bucket.name] = .max }
        do {
            try await service.deleteBucket(bucket.name)
        } catch {
            self.world.ledger.write { $0.lastMissing[bucket.name] = $0.now }
            throw error
        }
        await self.world.forget(bucket)
        await self.world.parts.timeline.pass(milliseconds: Int64(self.dice.below(10_000)))
        try await self.world.makeBucket(bucket)
    }
}
