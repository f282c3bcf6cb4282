import TernCore
import TernObjects
import TernRecords
import TernS3Protocol
import TernTestSupport

/// Object Lock: LCK-1, LCK-8, LCK-9, LCK-11.
extension PropertyRun {
    func enableObjectLock() async throws {
        try await self.service.setVersioning(.enabled, of: Self.bucket)
        self.model.versioning = .enabled
        self.model.isLocked = true
        try await self.setDefaultRetention()
    }

    private func setDefaultRetention() async throws {
        var configuration = ObjectLockConfiguration()
        self.model.defaultRetention = nil
        if self.random.next(below: 3) == 0 {
            let mode: RetentionMode = self.random.next(below: 2) == 0 ? .governance : .compliance
            configuration.defaultRetention = DefaultRetention(mode: mode, period: .days(1))
            self.model.defaultRetention = (mode.rawValue, 1)
        }
        try await self.service.setObjectLock(configuration, of: Self.bucket)
    }

    /// What a request asks for a new version; nothing most of the time.
    func anyLock() -> NaiveS3.Lock {
        guard self.hasObjectLock else { return NaiveS3.Lock() }
        var lock = NaiveS3.Lock()
        if self.random.next(below: 3) == 0 { self.retain(&lock) }
        lock.isHeld = self.random.next(below: 8) == 0
        return lock
    }

    private func retain(_ lock: inout NaiveS3.Lock) {
        lock.mode = self.random.next(below: 2) == 0 ? "GOVERNANCE" : "COMPLIANCE"
        let seconds = 1 + Int64(self.random.next(below: 60))
        lock.until = (self.clock.now.milliseconds / 1000 + seconds) * 1000
    }

    static func lock(of record: VersionRecord) -> NaiveS3.Lock {
        NaiveS3.Lock(
            mode: record.retention?.mode.rawValue, until: record.retention?.until.milliseconds ?? 0,
            isHeld: record.legalHold == .on)
    }

    /// The lock of a version that an upload became: its time is not in the answer.
    func lockOfCompleted(_ key: String, _ reference: VersionReference) async throws -> NaiveS3.Lock {
        let state = try await self.service.registry.state(Self.bucket)
        let created = try await self.service.find(reference, of: ObjectKey(key), in: state)?.record.lastModifiedMs
        return self.model.lock(of: NaiveS3.Lock(), createdAt: created ?? 0)
    }

    /// PutObjectRetention or PutObjectLegalHold, of any version, stricter and laxer; now and then the bucket's default.
    func changeLock() async throws {
        if self.random.next(below: 20) == 0 { return try await self.setDefaultRetention() }
        let key = self.choose(Self.keys)
        let objectKey = try ObjectKey(key)
        let reference = self.random.next(below: 2) == 0 ? nil : self.anyReference(of: key)
        let bypasses = self.random.next(below: 2) == 0
        let hold: Bool? = self.random.next(below: 3) == 0 ? self.random.next(below: 3) == 0 : nil
        var wanted = NaiveS3.Lock()
        if self.random.next(below: 4) > 0 { self.retain(&wanted) }
        let lock = wanted
        let done = await self.both(
            "lock \(key) \(reference?.wireForm ?? "") \(lock) hold \(String(describing: hold)) bypass \(bypasses)",
            real: { () async throws(S3Error) in
                if let hold {
                    _ = try await self.service.setLegalHold(hold, of: reference, key: objectKey, in: Self.bucket)
                } else {
                    _ = try await self.service.setRetention(
                        lock.retention, of: reference, key: objectKey, in: Self.bucket, bypassesGovernance: bypasses)
                }
            },
            naive: { () throws(NaiveS3.Failure) in
                let version = reference.map { self.model.version($0, of: key) } ?? self.model.current(key)
                guard let version else {
                    throw NaiveS3.Failure(code: reference == nil ? "NoSuchKey" : "NoSuchVersion")
                }
                if hold == nil, !version.isDeleteMarker,
                    !version.lock.permits(lock, at: self.clock.now.milliseconds, bypassing: bypasses)
                {
                    throw NaiveS3.Failure(code: "AccessDenied")
                }
                return version
            })
        guard let done, let index = self.model.stacks[key]?.firstIndex(of: done.naive) else { return }
        // A delete marker has no lock; the API answers 405 for it.
        if done.naive.isDeleteMarker { return }
        if let hold {
            self.model.stacks[key]?[index].lock.isHeld = hold
        } else {
            self.model.stacks[key]?[index].lock.mode = lock.mode
            self.model.stacks[key]?[index].lock.until = lock.until
        }
    }

    /// Removes all holds, and lets all retentions run out.
    func releaseLocks() async throws {
        for (key, stack) in self.model.stacks {
            for version in stack where version.lock.isHeld {
                _ = try await self.service.setLegalHold(
                    false, of: version.reference, key: ObjectKey(key), in: Self.bucket)
            }
        }
        self.clock.advance(by: .seconds(100_000))
    }
}

extension NaiveS3.Lock {
    var retention: Retention? {
        self.mode.flatMap { RetentionMode(rawValue: $0) }.map {
            Retention(mode: $0, until: Timestamp(milliseconds: self.until))
        }
    }
}
