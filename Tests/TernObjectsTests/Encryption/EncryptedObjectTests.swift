import FoundationEssentials
import NIOCore
import TernChecksums
import TernCore
import TernPorts
import TernRecords
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@testable import TernObjects

/// How objects of the tests are encrypted.
enum Mode: String, CaseIterable, Sendable {
    case sseS3, kms, bucketKey, double, customer

    static let customerKey = Mode.customerKey(1)

    static func customerKey(_ number: UInt8) -> CustomerKey {
        CustomerKey(bytes: [UInt8](repeating: number, count: 32), md5: "\(number)")
    }

    static let caller = KeyCaller(
        .root(Account(id: TestRegion.account, canonicalID: "id", displayName: "d", email: "e")))

    var request: EncryptionRequest {
        let choice = EncryptionRequest.KMSChoice(
            keyID: "key", context: ["team": "blue"], usesBucketKey: self == .bucketKey)
        let method: EncryptionRequest.Method =
            switch self {
            case .sseS3: .sseS3
            case .kms, .bucketKey: .kms(choice)
            case .double: .doubleKMS(choice)
            case .customer: .customerKey(Self.customerKey)
            }
        return EncryptionRequest(method, by: Self.caller)
    }

    var access: KeyAccess { KeyAccess(Self.caller, customerKey: self == .customer ? Self.customerKey : nil) }

    var kind: EncryptionRecord.Kind {
        switch self {
        case .sseS3: .sseS3
        case .kms, .bucketKey: .sseKms
        case .double: .dsseKms
        case .customer: .sseC
        }
    }
}

extension TestRegion {
    /// The stored bytes of a version's only segment.
    func stored(_ record: VersionRecord, in bucket: String) async throws -> [UInt8] {
        let state = try await self.service.registry.state(bucket)
        switch record.body.place {
        case .inlineID(let id):
            return try await self.metadata.get(Keyspace.body(Array(id)), in: state.partition) ?? []
        case .blobID(let id):
            guard let blob = BlobID(Array(id)) else { return [] }
            let reader = try await self.blobs.open(blob, in: state.partition)
            var bytes: [UInt8] = []
            while true {
                let piece = try await reader.read(at: Int64(bytes.count), maximum: 1 << 20)
                if piece.readableBytes == 0 { return bytes }
                bytes.append(contentsOf: piece.readableBytesView)
            }
        case nil:
            return []
        }
    }

    /// The same version with other stored bytes.
    func altered(_ record: VersionRecord, in bucket: String, stored bytes: [UInt8]) async throws -> VersionRecord {
        let state = try await self.service.registry.state(bucket)
        var record = record
        if case .inlineID(let id) = record.body.place {
            var batch = MetadataBatch(partition: state.partition)
            batch.put(Keyspace.body(Array(id)), bytes)
            try await self.metadata.commit(batch)
        } else {
            let writer = try await self.blobs.makeWriter(in: state.partition)
            try await writer.write(ByteBuffer(bytes: bytes))
            record.body.blobID = .init(try await writer.finish().bytes)
        }
        return record
    }
}

@Suite("Objects under encryption")
struct EncryptedObjectTests {
    let clock = ManualClock()
    let keyService = TestKeyService()

    func makeRegion() async throws -> TestRegion {
        let region = TestRegion(
            "us-east-1", clock: self.clock, seed: 3,
            encryption: EncryptionKeys(rootKey: TestRootKey(seed: 7), keyService: self.keyService))
        try await region.makeBucket("box")
        try await region.makeBucket("chest")
        return region
    }

    static func md5(_ bytes: [UInt8]) -> [UInt8] {
        var hasher = MD5Hasher()
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.finalize()
    }

    static let sizes = [0, 1, 4096, 32_768, 32_769, 300_000]

    @Test("A body comes back as it was, and does not lie there as it is", arguments: Mode.allCases, sizes)
    func roundTrip(mode: Mode, size: Int) async throws {
        let region = try await self.makeRegion()
        let bytes = SegmentCipherTests.pattern(size)
        let record = try await region.put("k", in: "box", bytes: bytes, as: mode.request)
        #expect(record.encryption.kind == mode.kind)
        #expect(record.byteCount == Int64(size))
        #expect(try await region.body(of: record, in: "box", access: mode.access) == bytes)
        #expect(try await region.restarted().body(of: record, in: "box", access: mode.access) == bytes)
        if size > 100 {
            let range = Int64(size / 2)..<Int64(size - 3)
            let part = try await region.body(of: record, in: "box", range: range, access: mode.access)
            #expect(part == Array(bytes[size / 2..<size - 3]))
            let stored = try await region.stored(record, in: "box")
            #expect(stored.count > size)
            #expect(!stored.lowercaseHex.contains(bytes[10..<60].map { $0 }.lowercaseHex))
        }
    }

    @Test("MET-6: the ETag is the MD5 under SSE-S3, and tells nothing under the others", arguments: Mode.allCases)
    func etags(mode: Mode) async throws {
        let region = try await self.makeRegion()
        let first = try await region.put("k", in: "box", bytes: [1, 2, 3], as: mode.request)
        let second = try await region.put("k", in: "box", bytes: [1, 2, 3], as: mode.request)
        let isMD5 = Array(first.etagMd5) == Self.md5([1, 2, 3])
        #expect(isMD5 == (mode == .sseS3))
        #expect(first.etagMd5.count == 16)
        #expect((first.etagMd5 == second.etagMd5) == (mode == .sseS3))
        #expect(first.checksum == second.checksum)
    }

    @Test("A flipped bit in a row or blob is an error, never data", arguments: Mode.allCases, [4096, 300_000])
    func damage(mode: Mode, size: Int) async throws {
        let region = try await self.makeRegion()
        let record = try await region.put("k", in: "box", bytes: SegmentCipherTests.pattern(size), as: mode.request)
        let stored = try await region.stored(record, in: "box")
        for position in [0, size / 2, stored.count - 1] {
            var damaged = stored
            damaged[position] ^= 0x10
            let altered = try await region.altered(record, in: "box", stored: damaged)
            await #expect(throws: (any Error).self) {
                try await region.body(of: altered, in: "box", access: mode.access)
            }
        }
        for length in [0, 16, 65_552, stored.count - 1] where length < stored.count {
            let altered = try await region.altered(record, in: "box", stored: Array(stored[..<length]))
            await #expect(throws: (any Error).self) {
                try await region.body(of: altered, in: "box", access: mode.access)
            }
        }
        // A record that says nothing of an encryption does not give the sealed bytes away either.
        var bare = record
        bare.clearEncryption()
        await #expect(throws: (any Error).self) { try await region.body(of: bare, in: "box") }
    }

    @Test("A region under another root key opens nothing")
    func otherRootKey() async throws {
        let region = try await self.makeRegion()
        let record = try await region.put("k", in: "box", bytes: [1, 2, 3], as: Mode.sseS3.request)
        let copy = try await self.copy(of: "k", to: "copy", in: region, from: .sseS3, to: .sseS3)
        let salt = record.encryption.keySalt
        #expect(!salt.isEmpty && !copy.encryption.wrappingKey.isEmpty)
        let keys = EncryptionKeys(rootKey: TestRootKey(seed: 8), keyService: self.keyService)
        #expect(keys.wrappingKey(sealed: copy.encryption.wrappingKey) == nil)
        #expect(keys.dataKey(salt: salt)?.keyBytes != region.service.encryption.dataKey(salt: salt)?.keyBytes)
        #expect(EncryptionKeys().wrappingKey(sealed: copy.encryption.wrappingKey) == nil)
        #expect(EncryptionKeys().dataKey(salt: salt) == nil)
    }

    @Test("Objects under SSE-S3 have a salt each, and no two the same data key")
    func saltedKeys() async throws {
        let region = try await self.makeRegion()
        let first = try await region.put("a", in: "box", bytes: [1], as: Mode.sseS3.request).encryption
        let second = try await region.put("b", in: "box", bytes: [1], as: Mode.sseS3.request).encryption
        #expect(first.sealedKey.isEmpty && first.wrappingKey.isEmpty)
        #expect(first.keySalt.count == 16 && first.keySalt != second.keySalt)
        let keys = region.service.encryption
        #expect(keys.dataKey(salt: first.keySalt)?.keyBytes != keys.dataKey(salt: second.keySalt)?.keyBytes)
    }

    @Test("Without a root key, what nothing is said of is stored in clear, and what must be encrypted is refused")
    func noRootKey() async throws {
        let region = TestRegion("us-east-1", clock: self.clock, seed: 3)
        try await region.makeBucket("box")
        let record = try await region.put("k", in: "box", bytes: [1, 2, 3])
        #expect(!record.hasEncryption)
        for mode in [Mode.sseS3, .kms, .bucketKey, .double] {
            await #expect(throws: S3Error.encryptionNotConfigured) {
                try await region.put("k", in: "box", bytes: [1, 2, 3], as: mode.request)
            }
        }
        let own = try await region.put("k", in: "box", bytes: [1, 2, 3], as: Mode.customer.request)
        #expect(try await region.body(of: own, in: "box", access: Mode.customer.access) == [1, 2, 3])
    }

    @Test("§10.3: no key, a wrong one, and one where none is needed")
    func customerKeys() async throws {
        let region = try await self.makeRegion()
        let record = try await region.put("k", in: "box", bytes: [1, 2, 3], as: Mode.customer.request)
        await #expect(throws: S3Error.customerKeyMissing) { try await region.body(of: record, in: "box") }
        let wrong = KeyAccess(Mode.caller, customerKey: Mode.customerKey(2))
        await #expect(throws: S3Error.customerKeyWrong) { try await region.body(of: record, in: "box", access: wrong) }
        #expect(throws: S3Error.customerKeyMissing) { try region.service.checkCustomerKey(nil, of: record) }
        #expect(throws: S3Error.customerKeyWrong) {
            try region.service.checkCustomerKey(Mode.customerKey(2), of: record)
        }
        for mode in [Mode.sseS3, .kms] {
            let other = try await region.put("k", in: "box", bytes: [1, 2, 3], as: mode.request)
            await #expect(throws: S3Error.encryptionParametersNotApplicable) {
                try await region.body(of: other, in: "box", access: Mode.customer.access)
            }
        }
    }

    @Test("Nothing of a customer's key is stored")
    func customerKeyIsNotStored() async throws {
        let region = try await self.makeRegion()
        let key = Mode.customerKey
        let record = try await region.put("k", in: "box", bytes: [1, 2, 3], as: Mode.customer.request)
        let row = try encodeRecord(record)
        #expect(!row.lowercaseHex.contains(key.bytes.lowercaseHex))
        #expect(!row.lowercaseHex.contains(Self.md5(key.bytes).lowercaseHex))
    }

    @Test("KMS-20, A-34, U-08: KMS is asked as the caller, with the object's ARN, or with a bucket key the bucket's")
    func kmsUse() async throws {
        let region = try await self.makeRegion()
        for (mode, arn) in [
            (Mode.kms, "arn:aws:s3:::box/k"), (.bucketKey, "arn:aws:s3:::box"), (.double, "arn:aws:s3:::box/k"),
        ] {
            let before = self.keyService.calls.count
            let record = try await region.put("k", in: "box", bytes: [1, 2, 3], as: mode.request)
            _ = try await region.body(of: record, in: "box", access: mode.access)
            let calls = self.keyService.calls[before...]
            #expect(calls.map(\.isDecryption) == [false, true])
            for call in calls {
                #expect(call.use.principal == Mode.caller.principal)
                #expect(call.use.context == ["aws:s3:arn": arn, "team": "blue"])
                #expect(call.use.viaService == "s3.us-east-1.amazonaws.com")
            }
            #expect(record.encryption.kmsKeyArn == "arn:aws:kms:us-east-1:111111111111:key/key")
            #expect(record.encryption.bucketKey == (mode == .bucketKey))
        }
    }

    @Test("KMS-22, KMS-23: a bucket key serves a caller's writes for a minute")
    func bucketKeys() async throws {
        let region = try await self.makeRegion()
        for _ in 0..<5 { _ = try await region.put("k", in: "box", bytes: [1], as: Mode.bucketKey.request) }
        #expect(self.keyService.calls.count == 1)
        var other = Mode.bucketKey.request
        other.caller = KeyCaller(.service("other"))
        _ = try await region.put("k", in: "box", bytes: [1], as: other)
        #expect(self.keyService.calls.count == 2)
        self.clock.advance(by: .seconds(60))
        _ = try await region.put("k", in: "box", bytes: [1], as: Mode.bucketKey.request)
        #expect(self.keyService.calls.count == 3)
    }

    @Test(
        "SSE-2, SSE-3: errors of KMS are S3's, on writing and on reading",
        arguments: [
            ("NotFoundException", "KMS.NotFoundException", 400), ("DisabledException", "KMS.DisabledException", 400),
            ("KMSInvalidStateException", "KMS.KMSInvalidStateException", 400),
            ("AccessDeniedException", "AccessDenied", 403),
        ])
    func kmsErrors(code: String, expected: String, status: Int) async throws {
        let region = try await self.makeRegion()
        let record = try await region.put("k", in: "box", bytes: [1, 2, 3], as: Mode.kms.request)
        self.keyService.failure = KeyServiceError(code: code, message: "why")
        let error = S3Error(code: expected, status: status, message: "why")
        await #expect(throws: error) { try await region.put("k", in: "box", bytes: [1], as: Mode.kms.request) }
        await #expect(throws: error) { try await region.body(of: record, in: "box", access: Mode.kms.access) }
    }

    @Test("SSE-KMS needs a caller who signed")
    func anonymousKMS() async throws {
        let region = try await self.makeRegion()
        let record = try await region.put("k", in: "box", bytes: [1, 2, 3], as: Mode.kms.request)
        await #expect(throws: S3Error.kmsWithoutSignature) {
            try await region.body(of: record, in: "box", access: KeyAccess(KeyCaller(.anonymous)))
        }
    }

    @Test("The bucket decides where nothing is said")
    func bucketDefault() async throws {
        let region = try await self.makeRegion()
        #expect(try await region.put("k", in: "box", bytes: [1]).encryption.kind == .sseS3)
        let document =
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms"
            + "</SSEAlgorithm><KMSMasterKeyID>mine</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>"
            + "<BucketKeyEnabled>true</BucketKeyEnabled><BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType>"
            + "</BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>"
        try await region.service.setDocument(.encryption, Array(document.utf8), of: "box")
        let record = try await region.put(
            "k", in: "box", bytes: [1], as: EncryptionRequest(.bucketDefault, by: Mode.caller))
        #expect(record.encryption.kind == .sseKms)
        #expect(record.encryption.bucketKey)
        #expect(record.encryption.kmsKeyArn.hasSuffix("key/mine"))
        #expect(try await region.put("k", in: "box", bytes: [1], as: Mode.sseS3.request).encryption.kind == .sseS3)
        await #expect(throws: S3Error.accessDenied()) {
            try await region.put("k", in: "box", bytes: [1], as: Mode.customer.request)
        }
    }

    // MARK: Uploads

    @Test("An upload has one data key, and its parts cannot take each other's place", arguments: Mode.allCases)
    func multipart(mode: Mode) async throws {
        let region = try await self.makeRegion()
        let parts = [
            SegmentCipherTests.pattern(5 << 20), SegmentCipherTests.pattern(5 << 20), SegmentCipherTests.pattern(1000),
        ]
        let record = try await self.upload(parts, to: region, mode: mode)
        #expect(record.encryption.kind == mode.kind)
        let whole = parts.flatMap { $0 }
        #expect(try await region.body(of: record, in: "box", access: mode.access) == whole)
        let range: Range<Int64> = 5_242_000..<5_243_500
        let part = try await region.body(of: record, in: "box", range: range, access: mode.access)
        #expect(part == Array(whole[5_242_000..<5_243_500]))
        #expect((record.etag == Self.multipartETag(parts)) == (mode == .sseS3))

        let state = try await region.service.registry.state("box")
        var layout = try #require(try await region.service.layout(of: record, in: state.partition))
        let first = layout.parts[0].segments[0].blobID
        layout.parts[0].segments[0].blobID = layout.parts[1].segments[0].blobID
        layout.parts[1].segments[0].blobID = first
        let cipher = try await region.service.cipher(
            of: record, key: ObjectKey("k"), in: state, access: mode.access)
        await #expect(throws: S3Error.internalError) {
            try await region.service.openBody(
                of: record, layout: layout, range: 0..<record.byteCount, cipher: cipher, in: state.partition)
        }
    }

    static func multipartETag(_ parts: [[UInt8]]) -> String {
        "\(self.md5(parts.flatMap { self.md5($0) }).lowercaseHex)-\(parts.count)"
    }

    func upload(_ parts: [[UInt8]], to region: TestRegion, mode: Mode, key: String = "k") async throws -> VersionRecord
    {
        let service = region.service
        var attributes = ObjectAttributes()
        attributes.encryption = mode.request
        let upload = try await service.createUpload(
            ObjectKey(key), in: "box", attributes: attributes, initiator: TestRegion.account, algorithm: nil,
            type: .fullObject)
        let state = try await service.registry.state("box")
        var listed: [CompleteMultipartUploadXML.Part] = []
        for (index, bytes) in parts.enumerated() {
            let cipher = try await service.cipher(of: upload, in: state, access: mode.access)
            let (part, _) = try await service.putPart(
                index + 1, of: upload, in: state, cipher: cipher, body: BytesSource(bytes), clientAlgorithm: nil,
                digests: ExpectedDigests())
            listed.append(CompleteMultipartUploadXML.Part(number: index + 1, etag: part.layout.etag))
        }
        let done = try await service.completeUpload(
            upload.id.wireForm, of: ObjectKey(key), in: "box",
            request: CompletionRequest(parts: listed, access: mode.access))
        #expect(done.encryption?.kind == mode.kind)
        #expect(done.encryption?.sealedKey.isEmpty == true)
        return try #require(try await service.head(ObjectKey(key), in: state)).record
    }

    @Test("§10.3: parts need the key of their upload")
    func partKeys() async throws {
        let region = try await self.makeRegion()
        let state = try await region.service.registry.state("box")
        func begin(_ mode: Mode) async throws -> StoredUpload {
            var attributes = ObjectAttributes()
            attributes.encryption = mode.request
            return try await region.service.createUpload(
                ObjectKey("k"), in: "box", attributes: attributes, initiator: TestRegion.account, algorithm: nil,
                type: .fullObject)
        }
        let own = try await begin(.customer)
        await #expect(throws: S3Error.partEncryptionMissing) {
            try await region.service.cipher(of: own, in: state, access: KeyAccess(Mode.caller))
        }
        await #expect(throws: S3Error.partEncryptionDiffers) {
            try await region.service.cipher(
                of: own, in: state, access: KeyAccess(Mode.caller, customerKey: Mode.customerKey(2)))
        }
        let plain = try await begin(.sseS3)
        await #expect(throws: S3Error.partEncryptionMissing) {
            try await region.service.cipher(of: plain, in: state, access: Mode.customer.access)
        }
    }

    // MARK: UpdateObjectEncryption

    @Test("UpdateObjectEncryption seals the data key anew and leaves the rest alone", arguments: Mode.allCases)
    func update(mode: Mode) async throws {
        let region = try await self.makeRegion()
        let bytes = SegmentCipherTests.pattern(100_000)
        let before = try await region.put("k", in: "box", bytes: bytes, as: mode.request)
        let choice = EncryptionRequest.KMSChoice(
            keyID: "arn:aws:kms:us-east-1:111111111111:key/new", usesBucketKey: true)
        let key = try ObjectKey("k")
        guard mode != .double, mode != .customer else {
            await #expect(throws: S3Error.encryptionUpdateOfOtherObject) {
                try await region.service.updateEncryption(of: nil, key: key, in: "box", to: choice, by: Mode.caller)
            }
            return
        }
        let after = try await region.service.updateEncryption(
            of: nil, key: key, in: "box", to: choice, by: Mode.caller
        ).record
        #expect(after.encryption.kmsKeyArn == choice.keyID)
        #expect(after.encryption.kind == .sseKms && after.encryption.bucketKey)
        var same = after
        same.encryption = before.encryption
        #expect(same == before)
        #expect(try await region.body(of: after, in: "box", access: Mode.kms.access) == bytes)
        // The ETag that it kept says nothing about what a copy's has to be.
        let copy = try await self.copy(of: "k", to: "copy", in: region, from: .kms, to: .sseS3)
        #expect(Array(copy.etagMd5) == Self.md5(bytes))
    }

    // MARK: Copies

    @Test("A copy under another key seals the data key anew, and not the data", arguments: Mode.allCases, Mode.allCases)
    func copies(from: Mode, to: Mode) async throws {
        let region = try await self.makeRegion()
        for size in [4096, 300_000] {
            let bytes = SegmentCipherTests.pattern(size)
            let source = try await region.put("k", in: "box", bytes: bytes, as: from.request)
            let copy = try await self.copy(of: "k", to: "copy", in: region, from: from, to: to)
            #expect(copy.encryption.kind == to.kind)
            #expect(try await region.body(of: copy, in: "chest", key: "copy", access: to.access) == bytes)
            let stored = try await region.stored(copy, in: "chest")
            let isClone = (from == .double) == (to == .double)
            #expect((try await region.stored(source, in: "box") == stored) == isClone)
            #expect(copy.encryption != source.encryption)
            #expect((Array(copy.etagMd5) == Self.md5(bytes)) == (to == .sseS3))
            #expect(copy.checksum == source.checksum)
        }
    }

    @Test(
        "A copy of an upload is one part with an ETag of its own", arguments: Mode.allCases,
        [Mode.sseS3, .kms, .double])
    func copiesOfUploads(from: Mode, to: Mode) async throws {
        let region = try await self.makeRegion()
        let parts = [SegmentCipherTests.pattern(5 << 20), SegmentCipherTests.pattern(1000)]
        let whole = parts.flatMap { $0 }
        _ = try await self.upload(parts, to: region, mode: from)
        let copy = try await self.copy(of: "k", to: "copy", in: region, from: from, to: to)
        #expect(copy.etagPartCount == 0)
        #expect((Array(copy.etagMd5) == Self.md5(whole)) == (to == .sseS3))
        #expect(try await region.body(of: copy, in: "chest", key: "copy", access: to.access) == whole)
    }

    @Test("What lies in clear is encrypted by a copy")
    func copyOfClearBytes() async throws {
        let bare = TestRegion("us-east-1", clock: self.clock, seed: 3)
        try await bare.makeBucket("box")
        let source = try await bare.put("k", in: "box", bytes: SegmentCipherTests.pattern(300_000))
        let encrypting = ObjectService(
            region: bare.name, metadata: bare.metadata, blobs: bare.blobs, wall: self.clock, random: bare.random,
            encryption: EncryptionKeys(rootKey: TestRootKey(seed: 1)), logger: bare.service.logger)
        let state = try await encrypting.registry.state("box")
        let stored = try #require(try await encrypting.head(ObjectKey("k"), in: state))
        let copy = try await encrypting.copyObject(
            from: stored, in: state, to: ObjectKey("copy"), in: "box", attributes: ObjectAttributes(),
            access: KeyAccess(.objectStore), algorithm: .crc64nvme, condition: .none
        ).record
        #expect(copy.encryption.kind == .sseS3)
        #expect(copy.etagMd5 == source.etagMd5)
        #expect(try await bare.stored(copy, in: "box") != bare.stored(source, in: "box"))
    }

    private func copy(
        of key: String, to copyKey: String, in region: TestRegion, from: Mode, to: Mode
    ) async throws -> VersionRecord {
        let state = try await region.service.registry.state("box")
        let source = try #require(try await region.service.head(ObjectKey(key), in: state))
        var attributes = ObjectAttributes()
        attributes.encryption = to.request
        return try await region.service.copyObject(
            from: source, in: state, to: ObjectKey(copyKey), in: "chest", attributes: attributes, access: from.access,
            algorithm: .crc64nvme, condition: .none
        ).record
    }
}
