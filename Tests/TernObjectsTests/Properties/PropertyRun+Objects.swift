import TernCore
import TernObjects
import TernRecords
import TernS3Protocol
import TernTestSupport

extension PropertyRun {
    func put() async throws {
        let key = self.choose(Self.keys)
        let body = self.anyBody()
        let tags = self.anyTags()
        let condition = self.anyCondition(key)
        let objectKey = try ObjectKey(key)
        var attributes = ObjectAttributes()
        attributes.tags = Self.tags(tags)
        let lock = self.anyLock()
        attributes.retention = lock.retention
        if lock.isHeld { attributes.legalHold = true }
        let given = attributes
        let done = await self.both(
            "put \(key) \(condition)",
            real: { () async throws(S3Error) in
                try await self.service.putObject(
                    objectKey, in: Self.bucket, attributes: given, body: BytesSource(body), digests: ExpectedDigests(),
                    condition: condition)
            },
            naive: { () throws(NaiveS3.Failure) in try self.model.check(condition, key) })
        guard let record = done?.real.record else { return }
        self.checkReference(record.reference, "put \(key)")
        self.expect(record.etag == Self.etag(body), "put \(key): the ETag is \(record.etag)")
        self.model.add(
            NaiveS3.Version(
                serial: self.model.nextSerial(), reference: record.reference, body: body, etag: Self.etag(body),
                tags: tags, lock: self.model.lock(of: lock, createdAt: record.lastModifiedMs)), to: key)
    }

    func copy() async throws {
        let source = self.choose(Self.keys)
        let target = self.choose(Self.keys)
        let reference = self.random.next(below: 2) == 0 ? nil : self.anyReference(of: source)
        let state = try await self.service.registry.state(Self.bucket)
        let found = reference.map { self.model.version($0, of: source) } ?? self.model.current(source)
        guard let found, !found.isDeleteMarker,
            let stored = try await self.service.find(reference, of: ObjectKey(source), in: state)
        else { return }
        let condition = self.anyCondition(target)
        let tags = self.anyTags()
        var attributes = ObjectAttributes()
        attributes.tags = Self.tags(tags)
        let given = attributes
        let objectKey = try ObjectKey(target)
        let done = await self.both(
            "copy \(source) to \(target) \(condition)",
            real: { () async throws(S3Error) in
                try await self.service.copyObject(
                    from: stored, in: state, to: objectKey, in: Self.bucket, attributes: given,
                    access: KeyAccess(.objectStore), algorithm: .crc64nvme, condition: condition)
            },
            naive: { () throws(NaiveS3.Failure) in try self.model.check(condition, target) })
        guard let record = done?.real.record else { return }
        self.checkReference(record.reference, "copy to \(target)")
        // CPY-6: the plain MD5, whatever the source was.
        let etag = Self.etag(found.body)
        self.expect(record.etag == etag, "copy to \(target): the ETag is \(record.etag)")
        self.model.add(
            NaiveS3.Version(
                serial: self.model.nextSerial(), reference: record.reference, body: found.body, etag: etag, tags: tags,
                lock: self.model.lock(of: NaiveS3.Lock(), createdAt: record.lastModifiedMs)),
            to: target)
    }

    /// VER-14, CND-6
    func deleteCurrent() async throws {
        let key = self.choose(Self.keys)
        let condition = self.anyDeleteCondition(key)
        let objectKey = try ObjectKey(key)
        let done = await self.both(
            "delete \(key) \(condition)",
            real: { () async throws(S3Error) in
                try await self.service.deleteCurrent(objectKey, in: Self.bucket, condition: condition)
            },
            naive: { () throws(NaiveS3.Failure) in try self.model.check(condition, key) })
        guard let done else { return }
        let deleted = done.real
        let marks = done.naive && self.model.versioning != .never
        self.expect(
            deleted.isDeleteMarker == marks && (deleted.version != nil) == marks, "delete \(key) answered \(deleted)")
        guard done.naive else { return }
        if let reference = deleted.version {
            self.checkReference(reference, "delete \(key)")
            self.model.add(
                NaiveS3.Version(serial: self.model.nextSerial(), reference: reference, isDeleteMarker: true), to: key)
        } else {
            self.model.removeAll(of: key)
        }
    }

    /// VER-15
    func deleteVersion() async throws {
        let key = self.choose(Self.keys)
        let reference = self.anyReference(of: key)
        let condition = self.anyDeleteCondition(key)
        let objectKey = try ObjectKey(key)
        let bypasses = self.hasObjectLock && self.random.next(below: 3) == 0
        let done = await self.both(
            "delete \(key) \(reference.wireForm) \(condition) bypass \(bypasses)",
            real: { () async throws(S3Error) in
                try await self.service.deleteVersion(
                    reference, of: objectKey, in: Self.bucket, condition: condition, bypassesGovernance: bypasses)
            },
            naive: { () throws(NaiveS3.Failure) in
                _ = try self.model.check(condition, key)
                let lock = self.model.version(reference, of: key)?.lock ?? NaiveS3.Lock()
                if lock.refusesDelete(at: self.clock.now.milliseconds, bypassing: bypasses) {
                    throw NaiveS3.Failure(code: "AccessDenied")
                }
            })
        guard let done else { return }
        let existing = self.model.version(reference, of: key)
        self.expect(
            done.real.version == reference && done.real.isDeleteMarker == (existing?.isDeleteMarker ?? false),
            "delete \(key) \(reference.wireForm) answered \(done.real)")
        self.model.remove(reference, of: key)
    }

    /// GET and HEAD, of the current version or of one by its ID.
    func get() async throws {
        let key = self.choose(Self.keys)
        let reference = self.random.next(below: 2) == 0 ? nil : self.anyReference(of: key)
        let state = try await self.service.registry.state(Self.bucket)
        let found = try await self.service.find(reference, of: ObjectKey(key), in: state)
        let expected = reference.map { self.model.version($0, of: key) } ?? self.model.current(key)
        let what = "get \(key) \(reference?.wireForm ?? "")"
        guard let expected, let found else {
            self.expect((found == nil) == (expected == nil), "\(what): found \(found != nil), not \(expected != nil)")
            return
        }
        let record = found.record
        self.expect(record.reference == expected.reference, "\(what): \(record.reference.wireForm)")
        self.expect(record.isDeleteMarker == expected.isDeleteMarker, "\(what): marker \(record.isDeleteMarker)")
        self.expect(found.isLatest == (self.model.current(key) == expected), "\(what): latest \(found.isLatest)")
        if expected.isDeleteMarker { return }
        self.expect(record.etag == expected.etag, "\(what): the ETag is \(record.etag), not \(expected.etag)")
        self.expect(record.tagSet == Self.tags(expected.tags), "\(what): the tags are \(record.tagSet)")
        self.expect(
            Self.lock(of: record) == expected.lock,
            "\(what): the lock is \(Self.lock(of: record)), not \(expected.lock)")
        let body = try await self.region.body(of: record, in: Self.bucket)
        self.expect(body == expected.body, "\(what): other bytes")
    }

    func setTags() async throws {
        let key = self.choose(Self.keys)
        let reference = self.random.next(below: 2) == 0 ? nil : self.anyReference(of: key)
        let tags = self.anyTags()
        let objectKey = try ObjectKey(key)
        let done = await self.both(
            "tag \(key) \(reference?.wireForm ?? "")",
            real: { () async throws(S3Error) in
                try await self.service.setTags(Self.tags(tags), of: reference, key: objectKey, in: Self.bucket)
            },
            naive: { () throws(NaiveS3.Failure) in
                guard let reference else {
                    guard let current = self.model.current(key) else { throw NaiveS3.Failure(code: "NoSuchKey") }
                    return current
                }
                guard let version = self.model.version(reference, of: key) else {
                    throw NaiveS3.Failure(code: "NoSuchVersion")
                }
                return version
            })
        guard let done, let index = self.model.stacks[key]?.firstIndex(of: done.naive) else { return }
        // A delete marker has no tags; the API answers 405 for it.
        if !done.naive.isDeleteMarker { self.model.stacks[key]?[index].tags = tags }
    }

    func setVersioning() async throws {
        // Never back to never.
        let next: VersioningState = self.random.next(below: 5) < 3 ? .enabled : .suspended
        let done = await self.both(
            "set versioning to \(next)",
            real: { () async throws(S3Error) in try await self.service.setVersioning(next, of: Self.bucket) },
            naive: { () throws(NaiveS3.Failure) in
                // LCK-2
                if self.model.isLocked, next == .suspended { throw NaiveS3.Failure(code: "InvalidBucketState") }
            })
        if done != nil { self.model.versioning = next }
    }
}
