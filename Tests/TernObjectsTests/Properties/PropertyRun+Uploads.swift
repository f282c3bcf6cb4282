import TernCore
import TernObjects
import TernRecords
import TernS3Protocol
import TernTestSupport

extension PropertyRun {
    func createUpload() async throws {
        if self.model.uploads.count > 12 { return try await self.abort() }
        let key = self.choose(Self.keys)
        let tags = self.anyTags()
        var attributes = ObjectAttributes()
        attributes.tags = Self.tags(tags)
        let upload = try await self.service.createUpload(
            ObjectKey(key), in: Self.bucket, attributes: attributes, initiator: TestRegion.account, algorithm: nil,
            type: .fullObject)
        self.model.uploads.append((upload.id.wireForm, .init(key: key, tags: tags)))
    }

    func putPart() async throws {
        guard !self.model.uploads.isEmpty else { return try await self.createUpload() }
        let index = self.random.next(below: self.model.uploads.count)
        let (id, upload) = self.model.uploads[index]
        let number = self.choose([1, 1, 2, 7, 10_000])
        // Now and then one of the least size that may be followed by others, which takes long.
        let body =
            self.random.next(below: 60) == 0
            ? [UInt8](repeating: UInt8(truncatingIfNeeded: self.step), count: 5 << 20) : self.anyBody()
        let state = try await self.service.registry.state(Self.bucket)
        let stored = try await self.service.upload(id, of: ObjectKey(upload.key), in: state)
        let (part, _) = try await self.service.putPart(
            number, of: stored, in: state,
            cipher: self.service.cipher(of: stored, in: state, access: KeyAccess(.objectStore)),
            body: BytesSource(body), clientAlgorithm: nil, digests: ExpectedDigests())
        self.expect(part.layout.etag == Self.etag(body), "part \(number) of \(upload.key): \(part.layout.etag)")
        self.model.uploads[index].upload.parts[number] = (body, Self.etag(body))
    }

    /// Completes with all parts, some, or ones that are not there; or once more what was completed.
    func complete() async throws {
        if self.random.next(below: 6) == 0, !self.ended.isEmpty { return try await self.completeAgain() }
        guard !self.model.uploads.isEmpty else { return try await self.createUpload() }
        let index = self.random.next(below: self.model.uploads.count)
        let (id, upload) = self.model.uploads[index]
        let request = self.anyRequest(upload)
        let objectKey = try ObjectKey(upload.key)
        let done = await self.both(
            "complete \(upload.key) \(request.parts.map(\.number)) \(request.condition)",
            real: { () async throws(S3Error) in
                try await self.service.completeUpload(id, of: objectKey, in: Self.bucket, request: request)
            },
            naive: { () throws(NaiveS3.Failure) in try self.assemble(upload, request) })
        guard let done else { return }
        let etag = Self.hex(Self.md5(request.parts.flatMap { Self.md5(upload.parts[$0.number]?.body ?? []) }))
        self.checkReference(done.real.version, "complete \(upload.key)")
        self.expect(done.real.etag == "\(etag)-\(request.parts.count)", "complete \(upload.key): \(done.real.etag)")
        self.model.add(
            NaiveS3.Version(
                serial: self.model.nextSerial(), reference: done.real.version, body: done.naive, etag: done.real.etag,
                tags: upload.tags, lock: try await self.lockOfCompleted(upload.key, done.real.version)), to: upload.key)
        self.model.uploads.remove(at: index)
        self.ended.append((id, upload.key, request.parts))
    }

    private func anyRequest(_ upload: NaiveS3.Upload) -> CompletionRequest {
        var numbers = upload.parts.keys.sorted()
        // Parts of less than 5 MiB complete only alone or last, so that is what is asked for most often.
        let isComplete = numbers.dropLast().allSatisfy { (upload.parts[$0]?.body.count ?? 0) >= 5 << 20 }
        if !isComplete, self.random.next(below: 4) > 0 {
            let large = numbers.first { (upload.parts[$0]?.body.count ?? 0) >= 5 << 20 }
            numbers = [large, self.choose(numbers)].compactMap { $0 }
        }
        if self.random.next(below: 8) == 0 || numbers.isEmpty { numbers.append(10_000) }
        let parts = Set(numbers).sorted().map { number in
            CompleteMultipartUploadXML.Part(
                number: number,
                etag: self.random.next(below: 12) == 0 ? "wrong" : upload.parts[number]?.etag ?? "none")
        }
        return CompletionRequest(parts: parts, condition: self.anyCondition(upload.key))
    }

    /// MPU-13, MPU-14, then CND-1, CND-2 and CND-5; what the parts make together.
    private func assemble(_ upload: NaiveS3.Upload, _ request: CompletionRequest) throws(NaiveS3.Failure) -> [UInt8] {
        var whole: [UInt8] = []
        for (index, listed) in request.parts.enumerated() {
            guard let part = upload.parts[listed.number], part.etag == listed.etag else {
                throw NaiveS3.Failure(code: "InvalidPart")
            }
            if index < request.parts.count - 1, part.body.count < 5 << 20 {
                throw NaiveS3.Failure(code: "EntityTooSmall")
            }
            whole += part.body
        }
        try self.model.check(request.condition, upload.key)
        if request.condition != .none, upload.isDisturbed {
            throw NaiveS3.Failure(code: "ConditionalRequestConflict")
        }
        return whole
    }

    /// MPU-17: the same list gives the same answer again, another one finds no upload; nothing changes.
    private func completeAgain() async throws {
        let (id, key, parts) = self.choose(self.ended)
        let objectKey = try ObjectKey(key)
        let isSame = parts != nil && self.random.next(below: 2) == 0
        let list = isSame ? parts ?? [] : [CompleteMultipartUploadXML.Part(number: 3, etag: "other")]
        _ = await self.both(
            "complete \(key) again",
            real: { () async throws(S3Error) in
                try await self.service.completeUpload(
                    id, of: objectKey, in: Self.bucket, request: CompletionRequest(parts: list))
            },
            naive: { () throws(NaiveS3.Failure) in if !isSame { throw NaiveS3.Failure(code: "NoSuchUpload") } })
    }

    func abort() async throws {
        let state = try await self.service.registry.state(Self.bucket)
        if self.random.next(below: 4) == 0, !self.ended.isEmpty {
            let (id, key, _) = self.choose(self.ended)
            let objectKey = try ObjectKey(key)
            _ = await self.both(
                "abort \(key) again",
                real: { () async throws(S3Error) in _ = try await self.service.upload(id, of: objectKey, in: state) },
                naive: { () throws(NaiveS3.Failure) in throw NaiveS3.Failure(code: "NoSuchUpload") })
            return
        }
        guard !self.model.uploads.isEmpty else { return }
        let (id, upload) = self.model.uploads.remove(at: self.random.next(below: self.model.uploads.count))
        let stored = try await self.service.upload(id, of: ObjectKey(upload.key), in: state)
        let parts = try await self.service.uploadedParts(of: stored.id, in: state.partition)
        self.expect(
            parts.mapValues { $0.part.layout.etag } == upload.parts.mapValues(\.etag), "parts of \(upload.key)")
        try await self.service.abortUpload(stored, in: state)
        self.ended.append((id, upload.key, nil))
    }
}
