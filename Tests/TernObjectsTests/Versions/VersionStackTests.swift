import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

/// S3's versioning as naively as it can be written down (spec §4): one list of versions for each key, newest first.
private struct NaiveBucket {
    struct Version: Equatable {
        var reference: VersionReference
        var isDeleteMarker: Bool
        var etag: String
    }

    var versioning = VersioningState.never
    var stacks: [String: [Version]] = [:]

    mutating func add(_ version: Version, to key: String) {
        if version.reference == .null { self.stacks[key]?.removeAll { $0.reference == .null } }
        self.stacks[key, default: []].insert(version, at: 0)
    }

    mutating func removeCurrent(_ key: String) {
        self.stacks[key] = []
    }

    mutating func remove(_ reference: VersionReference, of key: String) {
        self.stacks[key]?.removeAll { $0.reference == reference }
    }

    var listing: [String] {
        self.stacks.sorted { $0.key < $1.key }.flatMap { key, stack in
            stack.enumerated().map { index, version in
                "\(key) \(version.reference.wireForm) \(version.isDeleteMarker) \(version.etag) \(index == 0)"
            }
        }
    }

    var objects: [String] {
        self.stacks.filter { $0.value.first.map { !$0.isDeleteMarker } ?? false }.keys.sorted()
    }
}

@Suite("Version stacks")
struct VersionStackTests {
    @Test("VER-1 to VER-17: random operations leave what a naive model of S3 has", arguments: UInt64(0)..<30)
    func agreesWithModel(seed: UInt64) async throws {
        let random = SeededRandom(seed: seed)
        let region = TestRegion("us-east-1", clock: ManualClock(), seed: seed)
        let service = region.service
        guard let name = BucketName("photos") else { return }
        _ = try await service.createBucket(name, owner: TestRegion.account, locationConstraint: "", tags: [])
        var model = NaiveBucket()
        let keys = ["a", "a/b", "ab", "b"]
        for step in 0..<250 {
            let keyText = keys[Int(random.next() % 4)]
            let key = try ObjectKey(keyText)
            switch random.next() % 10 {
            case 0...3:
                // Small bodies travel in the commit, larger ones are blobs.
                let body = [UInt8](
                    repeating: UInt8(truncatingIfNeeded: step), count: random.next() % 2 == 0 ? 10 : 40_000)
                let written = try await service.putObject(
                    key, in: "photos", attributes: ObjectAttributes(), body: BytesSource(body),
                    digests: ExpectedDigests(),
                    condition: .none)
                let version = NaiveBucket.Version(
                    reference: written.record.reference, isDeleteMarker: false, etag: written.record.etag)
                #expect((version.reference == .null) == (model.versioning != .enabled))
                model.add(version, to: keyText)
            case 4...5:
                let deleted = try await service.deleteCurrent(key, in: "photos", condition: .none)
                if model.versioning == .never {
                    #expect(deleted.version == nil)
                    model.removeCurrent(keyText)
                } else if let reference = deleted.version {
                    #expect(deleted.isDeleteMarker)
                    model.add(.init(reference: reference, isDeleteMarker: true, etag: ""), to: keyText)
                }
            case 6...8:
                let stack = model.stacks[keyText] ?? []
                let reference = stack.isEmpty ? .null : stack[Int(random.next() % UInt64(stack.count))].reference
                let existing = stack.first { $0.reference == reference }
                let deleted = try await service.deleteVersion(reference, of: key, in: "photos", condition: .none)
                #expect(deleted.isDeleteMarker == (existing?.isDeleteMarker ?? false))
                model.remove(reference, of: keyText)
            default:
                // Never back to never.
                let next: VersioningState = random.next() % 2 == 0 ? .enabled : .suspended
                try await service.setVersioning(next, of: "photos")
                model.versioning = next
            }
            try await self.compare(service, model, pageSize: Int(random.next() % 5) + 1)
        }
        try await self.checkNothingIsLeft(region, model)
    }

    private func compare(_ service: ObjectService, _ model: NaiveBucket, pageSize: Int) async throws {
        let bucket = try await service.registry.state("photos")
        var query = ListQuery()
        query.limit = pageSize
        var listing: [String] = []
        var start = VersionListStart.beginning
        while true {
            let page = try await service.listVersions(query, from: start, in: bucket)
            for entry in page.entries {
                guard case .item(let item) = entry else { continue }
                let etag = item.record.isDeleteMarker ? "" : item.record.etag
                listing.append(
                    "\(item.key) \(item.record.reference.wireForm) \(item.record.isDeleteMarker) \(etag) \(item.isLatest)"
                )
                start = .afterVersion(key: item.key, item.record.reference)
            }
            if !page.isTruncated { break }
        }
        #expect(listing == model.listing)
        query.limit = 1000
        let objects = try await service.listObjects(query, from: .beginning, in: bucket)
        let found = objects.entries.map { entry in
            if case .item(let item) = entry { item.key.description } else { "?" }
        }
        #expect(found == model.objects)
    }

    /// Every version gone, the partition holds no body, blob or pointer any more.
    private func checkNothingIsLeft(_ region: TestRegion, _ model: NaiveBucket) async throws {
        for (keyText, stack) in model.stacks {
            for version in stack {
                _ = try await region.service.deleteVersion(
                    version.reference, of: ObjectKey(keyText), in: "photos", condition: .none)
            }
        }
        let bucket = try await region.service.registry.state("photos")
        let rows = try await region.metadata.scan(KeyRange(from: [], to: nil), in: bucket.partition, limit: 100)
        #expect(rows.map(\.key) == [Keyspace.configuration, Keyspace.epoch])
        region.blobs.settle()
        #expect(try await region.blobs.unsettled(in: bucket.partition, after: nil, limit: 10).isEmpty)
    }
}
