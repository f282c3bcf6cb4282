import TernChecksums
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

/// One run of random operations, each done to a region in memory and to ``NaiveS3``; the answers must agree.
final class PropertyRun {
    static let bucket = "photos"
    static let keys = ["a", "a/", "a/b", "a/b/c", "a//b", "ab", "b", "ü/é"]
    static let prefixes = ["", "", "a", "a/", "a/b", "b", "z", "ü"]
    static let delimiters = ["", "/", "/", "b", "//"]

    let region: TestRegion
    let clock = ManualClock()
    let random: SeededRandom
    let name: String
    var model = NaiveS3()
    var step = 0
    /// References that were, and may be no more.
    var known: [VersionReference] = [.null]
    /// Uploads that ended, with the list that completed them.
    var ended: [(id: String, key: String, parts: [CompleteMultipartUploadXML.Part]?)] = []

    /// Every other run has a bucket with Object Lock.
    let hasObjectLock: Bool

    init(seed: UInt64) {
        self.hasObjectLock = seed.isMultiple(of: 2)
        self.random = SeededRandom(seed: seed)
        // Every third run has no root key, so that bodies lie in clear.
        let rootKey = seed.isMultiple(of: 3) ? nil : TestRootKey(seed: 1)
        self.region = TestRegion(
            "us-east-1", clock: self.clock, seed: seed, encryption: EncryptionKeys(rootKey: rootKey))
        self.name = "seed \(seed)"
    }

    var service: ObjectService { self.region.service }

    func run(_ count: Int) async throws {
        _ = try await self.service.createBucket(
            BucketName(trusted: Self.bucket), owner: TestRegion.account, locationConstraint: "", tags: [])
        if self.hasObjectLock { try await self.enableObjectLock() }
        for step in 1...count {
            self.step = step
            if self.random.next(below: 4) == 0 {
                self.clock.advance(by: .milliseconds(self.hasObjectLock ? 1 + self.random.next(below: 1000) : 1))
            }
            try await self.operation()
        }
        try await self.checkNothingIsLeft()
    }

    private func operation() async throws {
        // Deletes keep the bucket small, so that keys, versions and markers meet often.
        let weight = self.random.next(below: self.model.versionCount > 40 ? 130 : 100)
        switch weight {
        case ..<20: try await self.put()
        case ..<27: try await self.deleteCurrent()
        case ..<40: try await self.deleteVersion()
        case ..<52: try await self.get()
        case ..<58 where self.hasObjectLock && self.random.next(below: 2) == 0: try await self.changeLock()
        case ..<58: try await self.setTags()
        case ..<64: try await self.copy()
        case ..<66: try await self.setVersioning()
        case ..<70: try await self.createUpload()
        case ..<76: try await self.putPart()
        case ..<80: try await self.complete()
        case ..<82: try await self.abort()
        case ..<84: try await self.listUploads()
        case ..<92: try await self.listObjects()
        case ..<100: try await self.listVersions()
        default: try await self.deleteVersion()
        }
    }

    // MARK: Choosing

    func choose<Element>(_ elements: [Element]) -> Element { elements[self.random.next(below: elements.count)] }

    func anyReference(of key: String) -> VersionReference {
        if self.random.next(below: 8) == 0 { return self.choose(self.known) }
        let stack = self.model.stacks[key] ?? []
        return stack.isEmpty ? .null : self.choose(stack).reference
    }

    func anyETag(of key: String) -> String {
        self.random.next(below: 3) == 0
            ? "0123456789abcdef0123456789abcdef" : self.model.object(key)?.etag ?? "0123456789abcdef0123456789abcdef"
    }

    func anyCondition(_ key: String) -> WriteCondition {
        switch self.random.next(below: 6) {
        case 0: .absent
        case 1: .etag(self.anyETag(of: key))
        default: .none
        }
    }

    func anyDeleteCondition(_ key: String) -> DeleteCondition {
        switch self.random.next(below: 6) {
        case 0: .any
        case 1: .etag(self.anyETag(of: key))
        default: .none
        }
    }

    func anyBody() -> [UInt8] {
        // Few enough different ones for equal ETags; some that are blobs, some empty.
        switch self.random.next(below: 12) {
        case 0: []
        case 1: [UInt8](repeating: UInt8(truncatingIfNeeded: self.step), count: 40_000)
        case 2, 3: Array("one".utf8)
        default: Array("\(self.step)".utf8)
        }
    }

    func anyTags() -> [String: String] {
        switch self.random.next(below: 3) {
        case 0: ["k": "\(self.step)"]
        case 1: ["k": "v", "l": ""]
        default: [:]
        }
    }

    // MARK: Comparing

    static func etag(_ body: [UInt8]) -> String { self.hex(self.md5(body)) }

    static func md5(_ body: [UInt8]) -> [UInt8] {
        var hasher = MD5Hasher()
        body.withUnsafeBytes { hasher.update($0) }
        return hasher.finalize()
    }

    static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static func tags(_ tags: [String: String]) -> [TernCore.Tag] {
        tags.sorted { $0.key < $1.key }.map { TernCore.Tag(key: $0.key, value: $0.value) }
    }

    func expect(_ condition: Bool, _ what: @autoclosure () -> String) {
        if !condition { Issue.record("\(self.name), step \(self.step): \(what())") }
    }

    /// Does an operation to both, and compares the errors; the results where both succeeded.
    func both<Real, Naive>(
        _ what: @autoclosure () -> String,
        real: () async throws(S3Error) -> Real,
        naive: () throws(NaiveS3.Failure) -> Naive
    ) async -> (real: Real, naive: Naive)? {
        let expected: Result<Naive, NaiveS3.Failure>
        do throws(NaiveS3.Failure) { expected = .success(try naive()) } catch { expected = .failure(error) }
        do throws(S3Error) {
            let result = try await real()
            switch expected {
            case .success(let naive): return (result, naive)
            case .failure(let failure): self.expect(false, "\(what()) succeeded; expected \(failure.code)")
            }
        } catch {
            switch expected {
            case .success: self.expect(false, "\(what()) failed: \(error.code)")
            case .failure(let failure):
                self.expect(error.code == failure.code, "\(what()): \(error.code); expected \(failure.code)")
            }
        }
        return nil
    }

    func checkReference(_ reference: VersionReference, _ what: String) {
        let isNew = !self.known.contains(reference)
        self.expect(
            self.model.versioning == .enabled ? isNew : reference == .null,
            "\(what) made \(reference.wireForm) in a bucket that is \(self.model.versioning)")
        if isNew { self.known.append(reference) }
        if self.known.count > 200 { self.known.remove(at: 1) }
    }

    private func checkNothingIsLeft() async throws {
        if self.hasObjectLock { try await self.releaseLocks() }
        for (key, stack) in self.model.stacks {
            for version in stack {
                _ = try await self.service.deleteVersion(
                    version.reference, of: ObjectKey(key), in: Self.bucket, condition: .none)
            }
        }
        let state = try await self.service.registry.state(Self.bucket)
        for (id, upload) in self.model.uploads {
            let stored = try await self.service.upload(id, of: ObjectKey(upload.key), in: state)
            try await self.service.abortUpload(stored, in: state)
        }
        let tables: [Keyspace.Table] = [
            .head, .noncurrent, .nullPointer, .body, .layout, .blobOwner, .upload, .uploadPart, .task,
        ]
        for table in tables {
            let count = try await self.region.rowCount(table, in: Self.bucket)
            self.expect(count == 0, "\(count) rows of \(table) are left in an empty bucket")
        }
        self.region.blobs.settle()
        let blobs = try await self.region.blobs.unsettled(in: state.partition, after: nil, limit: 10)
        self.expect(blobs.isEmpty, "\(blobs.count) blobs are left in an empty bucket")
    }
}
