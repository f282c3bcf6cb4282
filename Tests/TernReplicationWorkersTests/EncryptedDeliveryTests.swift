import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernReplicationWorkers
import TernS3Protocol
import TernTestSupport
import Testing

@Suite("Replication of encrypted versions")
struct EncryptedDeliveryTests {
    enum Mode: String, CaseIterable, Sendable {
        case sseS3, kms, bucketKey, double, customer

        var kind: EncryptionRecord.Kind {
            switch self {
            case .sseS3: .sseS3
            case .kms, .bucketKey: .sseKms
            case .double: .dsseKms
            case .customer: .sseC
            }
        }

        var request: EncryptionRequest {
            let choice = EncryptionRequest.KMSChoice(
                keyID: "source-key", context: ["team": "blue"], usesBucketKey: self == .bucketKey)
            let method: EncryptionRequest.Method =
                switch self {
                case .sseS3: .sseS3
                case .kms, .bucketKey: .kms(choice)
                case .double: .doubleKMS(choice)
                case .customer: .customerKey(EncryptedDeliveryTests.customerKey)
                }
            return EncryptionRequest(method, by: EncryptedDeliveryTests.owner)
        }

        var access: KeyAccess {
            KeyAccess(
                EncryptedDeliveryTests.owner,
                customerKey: self == .customer ? EncryptedDeliveryTests.customerKey : nil)
        }
    }

    static let account = Account(id: TestRegion.account, canonicalID: "id", displayName: "name", email: "mail")
    static let owner = KeyCaller(.root(Self.account))
    static let role = "arn:aws:iam::111111111111:role/replication"
    static let replicaKey = "arn:aws:kms:eu-west-1:111111111111:key/replicas"
    static let customerKey = CustomerKey(bytes: [UInt8](repeating: 1, count: 32), md5: "md5")
    static let rolePrincipal = Principal.role(
        RoleIdentity(account: Self.account, name: "replication", path: "/", id: "AROA"),
        TemporarySession(name: "s3-replication", issuedAt: Timestamp(milliseconds: 0)))

    let clock = ManualClock()
    let sourceKeys = TestKeyService()
    let destinationKeys = TestKeyService(region: "eu-west-1")

    private func keys(root: UInt8?, _ service: TestKeyService, knowsRole: Bool = true) -> EncryptionKeys {
        EncryptionKeys(
            rootKey: root.map { TestRootKey(seed: $0) }, keyService: root == nil ? nil : service,
            rolePrincipal: { knowsRole && $0 == Self.role ? Self.rolePrincipal : nil })
    }

    private func rule(optsIn: Bool) -> ReplicationConfiguration {
        ReplicationConfiguration(
            role: Self.role,
            rules: [
                ReplicationRule(
                    id: "r", priority: 1, filter: .all, deleteMarkerReplication: true,
                    sourceSelectionCriteria: optsIn ? SourceSelectionCriteria(sseKmsEncryptedObjects: true) : nil,
                    destination: Destination(
                        bucket: BucketName(trusted: "dst"), replicaKMSKeyID: optsIn ? Self.replicaKey : nil))
            ])
    }

    private func makePair(
        optsIn: Bool = true, sourceRoot: UInt8? = 7, destinationRoot: UInt8? = 9, knowsRole: Bool = true
    ) async throws -> (TestRegion, TestRegion, FaultyTransport) {
        let east = TestRegion(
            "us-east-1", clock: self.clock, seed: 1,
            encryption: self.keys(root: sourceRoot, self.sourceKeys, knowsRole: knowsRole))
        let west = TestRegion(
            "eu-west-1", clock: self.clock, seed: 1001,
            encryption: self.keys(root: destinationRoot, self.destinationKeys))
        try await east.makeBucket("src")
        try await west.makeBucket("dst")
        try await east.learn("dst", of: west)
        try await east.service.setReplication(
            ReplicationConfigurationXML.encode(self.rule(optsIn: optsIn)), of: "src")
        return (east, west, FaultyTransport(clock: self.clock, seed: 1))
    }

    static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

    @Test(
        "P-07, P-11 to P-14, U-21, A-38, N-09, KMS-24: a replica is encrypted as its source, under keys of its region",
        arguments: Mode.allCases, [0, 100, 40_000, 300_000, 3_000_000])
    func betweenRegions(mode: Mode, size: Int) async throws {
        let (east, west, transport) = try await self.makePair()
        let bytes = Self.pattern(size)
        let source = try await east.put("k", in: "src", bytes: bytes, as: mode.request)
        try await withWorkers([east, west], transport) { _ in
            try await settle(self.clock) { east.pendingOperations == 0 }
        }
        #expect(try await east.stack("k", in: "src").first?.destinations.map(\.data) == [.completed])
        let replica = try #require(try await west.stack("k", in: "dst").first)
        #expect(replica.etag == source.etag)
        #expect(replica.checksum == source.checksum)
        #expect(replica.encryption.kind == mode.kind)
        #expect(replica.encryption.bucketKey == (mode == .bucketKey))
        // An object costs one request of the source's key, to read it, and one of the replica's; a bucket key, which
        // serves many, is made and opened.
        let isUnderKMS = mode.kind == .sseKms || mode.kind == .dsseKms
        #expect(self.sourceKeys.calls.count(where: \.isDecryption) == (isUnderKMS ? 1 : 0))
        #expect(self.destinationKeys.calls.count == (isUnderKMS ? (mode == .bucketKey ? 2 : 1) : 0))
        #expect(try await west.body(of: replica, in: "dst", access: mode.access) == bytes)
        if isUnderKMS {
            #expect(replica.encryption.kmsKeyArn == Self.replicaKey)
            let decryption = try #require(self.sourceKeys.calls.last)
            #expect(decryption.isDecryption && decryption.use.principal == Self.rolePrincipal)
            #expect(decryption.use.viaService == "s3.us-east-1.amazonaws.com")
            let making = try #require(self.destinationKeys.calls.first { !$0.isDecryption })
            #expect(making.use.principal == Self.rolePrincipal)
            #expect(making.use.viaService == "s3.eu-west-1.amazonaws.com")
            let arn = mode == .bucketKey ? "arn:aws:s3:::dst" : "arn:aws:s3:::dst/k"
            #expect(making.use.context == ["aws:s3:arn": arn, "team": "blue"])
        }
        if mode != .customer {
            #expect(replica.encryption != source.encryption)
        } else {
            await #expect(throws: S3Error.customerKeyMissing) { try await west.body(of: replica, in: "dst") }
        }
    }

    @Test(
        "Large versions under encryption travel in segments, and go on where they broke off",
        arguments: [Mode.sseS3, .kms, .customer])
    func largeUploads(mode: Mode) async throws {
        let (east, west, transport) = try await self.makePair()
        let parts = [[UInt8](repeating: 3, count: 40_000_003), Self.pattern(70_001)]
        try await self.upload(parts, to: east, mode: mode)
        transport.setFaults(.init(dropsRequest: 0.3))
        try await withWorkers([east, west], transport) { _ in
            try await settle(self.clock) { east.pendingOperations == 0 }
        }
        let replica = try #require(try await west.stack("k", in: "dst").first)
        #expect(replica.etagPartCount == 2)
        #expect(transport.segmentBytes == 40_070_004)
        #expect(try await west.body(of: replica, in: "dst", access: mode.access) == parts[0] + parts[1])
        #expect(try await west.rowCount(.ingestSession, in: "dst") == 0)
        // A copy of the pieces, and a replica of them again, are the same bytes.
        let range: Range<Int64> = 33_554_400..<33_554_500
        #expect(try await west.body(of: replica, in: "dst", range: range, access: mode.access)?.count == 100)
    }

    private func upload(_ parts: [[UInt8]], to region: TestRegion, mode: Mode) async throws {
        let service = region.service
        var attributes = ObjectAttributes()
        attributes.encryption = mode.request
        let upload = try await service.createUpload(
            ObjectKey("k"), in: "src", attributes: attributes, initiator: TestRegion.account, algorithm: nil,
            type: .fullObject)
        let state = try await service.registry.state("src")
        var listed: [CompleteMultipartUploadXML.Part] = []
        for (index, bytes) in parts.enumerated() {
            let cipher = try await service.cipher(of: upload, in: state, access: mode.access)
            let (part, _) = try await service.putPart(
                index + 1, of: upload, in: state, cipher: cipher, body: BytesSource(bytes), clientAlgorithm: nil,
                digests: ExpectedDigests())
            listed.append(CompleteMultipartUploadXML.Part(number: index + 1, etag: part.layout.etag))
        }
        _ = try await service.completeUpload(
            upload.id.wireForm, of: ObjectKey("k"), in: "src",
            request: CompletionRequest(parts: listed, access: mode.access))
    }

    @Test(
        "Within a region a replica shares the sealed bytes, and its data key is sealed anew", arguments: Mode.allCases)
    func withinARegion(mode: Mode) async throws {
        let east = TestRegion(
            "us-east-1", clock: self.clock, seed: 1, encryption: self.keys(root: 7, self.sourceKeys))
        try await east.makeBucket("src")
        try await east.makeBucket("dst")
        try await east.service.setReplication(ReplicationConfigurationXML.encode(self.rule(optsIn: true)), of: "src")
        let transport = FaultyTransport(clock: self.clock, seed: 1)
        for size in [100, 300_000] {
            let bytes = Self.pattern(size)
            try await east.put("k", in: "src", bytes: bytes, as: mode.request)
            try await withWorkers([east], transport) { _ in
                try await settle(self.clock) { east.pendingOperations == 0 }
            }
            let replica = try #require(try await east.stack("k", in: "dst").first)
            #expect(replica.byteCount == Int64(size))
            #expect(replica.encryption.kind == mode.kind)
            #expect(try await east.body(of: replica, in: "dst", access: mode.access) == bytes)
        }
        #expect(transport.requestCount == 0)
    }

    @Test("L-06, L-07: without opt-in, versions under KMS are passed over", arguments: Mode.allCases)
    func withoutOptIn(mode: Mode) async throws {
        let (east, _, _) = try await self.makePair(optsIn: false)
        let record = try await east.put("k", in: "src", bytes: [1], as: mode.request)
        let isUnderKMS = mode.kind == .sseKms || mode.kind == .dsseKms
        #expect(record.destinations.isEmpty == isUnderKMS)
    }

    @Test("A region without a root key takes no encrypted version, and the task waits")
    func destinationWithoutRootKey() async throws {
        let (east, west, transport) = try await self.makePair(destinationRoot: nil)
        try await east.put("k", in: "src", bytes: [1], as: Mode.sseS3.request)
        try await withWorkers([east, west], transport) { _ in try await pass(.seconds(20), self.clock) }
        #expect(try await west.stack("k", in: "dst").isEmpty)
        #expect(try await east.stack("k", in: "src").first?.destinations.map(\.data) == [.pending])
    }

    @Test(
        "F-07, F-08, F-15, F-25, F-30: what KMS refuses is S3's reason",
        arguments: [
            (true, "AccessDeniedException", "SrcGetObjectNotPermitted"),
            (true, "DisabledException", "SrcKmsKeyInvalidState"),
            (true, "KMSInvalidStateException", "SrcKmsKeyInvalidState"),
            (false, "AccessDeniedException", "DstPutObjectNotPermitted"),
            (false, "DisabledException", "DstKmsKeyInvalidState"),
            (false, "NotFoundException", "DstKmsKeyNotFound"),
        ])
    func refusals(atSource: Bool, code: String, reason: String) async throws {
        for size in [100, 300_000] {
            let (east, west, transport) = try await self.makePair()
            try await east.put("k", in: "src", bytes: Self.pattern(size), as: Mode.kms.request)
            let keys = atSource ? self.sourceKeys : self.destinationKeys
            keys.failure = KeyServiceError(code: code, message: "why")
            defer { keys.failure = nil }
            try await withWorkers([east, west], transport) { _ in
                try await settle(self.clock) { east.pendingOperations == 0 }
            }
            let state = try #require(try await east.stack("k", in: "src").first?.destinations.first)
            #expect(state.data == .failed)
            #expect(state.failureReason == reason)
            #expect(try await west.stack("k", in: "dst").isEmpty)
        }
    }

    @Test(
        "A-31, I-18: what is in clear at its source gets the destination's default, and the role needs that key; what is encrypted does not",
        arguments: [(true, true), (true, false), (false, false)])
    func defaultOfTheDestination(isSourceInClear: Bool, isPermitted: Bool) async throws {
        for size in [100, 300_000] {
            let (east, west, transport) = try await self.makePair(
                optsIn: false, sourceRoot: isSourceInClear ? nil : 7)
            let document =
                "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms"
                + "</SSEAlgorithm><KMSMasterKeyID>mine</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule>"
                + "</ServerSideEncryptionConfiguration>"
            try await west.service.setDocument(.encryption, Array(document.utf8), of: "dst")
            if !isPermitted {
                self.destinationKeys.failure = KeyServiceError(code: "AccessDeniedException", message: "why")
            }
            defer { self.destinationKeys.failure = nil }
            try await east.put("k", in: "src", bytes: Self.pattern(size))
            try await withWorkers([east, west], transport) { _ in
                try await settle(self.clock) { east.pendingOperations == 0 }
            }
            let state = try #require(try await east.stack("k", in: "src").first?.destinations.first)
            let replica = try await west.stack("k", in: "dst").first
            if isSourceInClear {
                let making = try #require(self.destinationKeys.calls.last { !$0.isDecryption })
                #expect(making.use.principal == Self.rolePrincipal && making.use.isForReplica)
                #expect(state.failureReason == (isPermitted ? "" : "DstPutObjectNotPermitted"))
                #expect(replica?.encryption.kind == (isPermitted ? .sseKms : nil))
            } else {
                #expect(state.data == .completed)
                #expect(replica?.encryption.kind == .sseS3)
            }
        }
    }

    @Test("A role that is gone cannot be assumed")
    func unknownRole() async throws {
        let (east, west, transport) = try await self.makePair(knowsRole: false)
        try await east.put("k", in: "src", bytes: [1], as: Mode.kms.request)
        try await withWorkers([east, west], transport) { _ in
            try await settle(self.clock) { east.pendingOperations == 0 }
        }
        let state = try #require(try await east.stack("k", in: "src").first?.destinations.first)
        #expect(state.failureReason == "AssumeRoleNotPermitted")
    }
}
