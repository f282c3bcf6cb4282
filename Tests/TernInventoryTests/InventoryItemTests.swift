import FoundationEssentials
import TernCore
import TernInventory
import TernRecords
import TernS3Protocol
import Testing

@Suite("Rows of inventories")
struct InventoryItemTests {
    /// One value of one field.
    struct Row: Sendable, CustomTestStringConvertible {
        var field: InventoryField
        var expected: String
        var reason: String
        var expiration: Timestamp?
        var list: AccessControlList = .ownerOnly("a0")
        var change: @Sendable (inout VersionRecord) -> Void = { _ in }

        var testDescription: String { "§8.4 \(self.field.rawValue): \(self.reason)" }
    }

    private static let noon = Timestamp(milliseconds: 1_700_000_000_000)

    private static func state(_ status: DestinationState.Status) -> DestinationState {
        var state = DestinationState()
        state.destinationBucket = "copies"
        state.data = status
        return state
    }

    private static func encryption(
        _ kind: EncryptionRecord.Kind, bucketKey: Bool = false
    ) -> @Sendable (inout VersionRecord) -> Void {
        { record in
            record.encryption.kind = kind
            record.encryption.bucketKey = bucketKey
        }
    }

    private static let group: AccessControlList = {
        var list = AccessControlList.ownerOnly("a0")
        list.grants.append(AccessGrant(.group(.allUsers), .read))
        return list
    }()

    static let rows: [Row] = [
        Row(field: .size, expected: "5", reason: "the bytes"),
        Row(field: .lastModifiedDate, expected: "2023-11-14T22:13:20.000Z", reason: "with milliseconds"),
        Row(field: .eTag, expected: "00ff", reason: "without quotes"),
        Row(field: .eTag, expected: "00ff-3", reason: "of parts") { $0.etagPartCount = 3 },
        Row(field: .storageClass, expected: "STANDARD", reason: "none is recorded"),
        Row(field: .storageClass, expected: "GLACIER_IR", reason: "as in listings") { $0.storageClass = "GLACIER_IR" },
        Row(field: .isMultipartUploaded, expected: "false", reason: "one PUT"),
        Row(field: .isMultipartUploaded, expected: "true", reason: "one part too") { $0.etagPartCount = 1 },
        Row(field: .replicationStatus, expected: "", reason: "never attempted"),
        Row(field: .replicationStatus, expected: "REPLICA", reason: "T-17, I-23: a replica") { $0.isReplica = true },
        Row(field: .replicationStatus, expected: "FAILED", reason: "T-17: as in the header") {
            $0.destinations = [Self.state(.failed)]
        },
        Row(field: .replicationStatus, expected: "COMPLETED", reason: "T-17: as in the header") {
            $0.destinations = [Self.state(.completed)]
        },
        Row(field: .encryptionStatus, expected: "NOT-SSE", reason: "in clear"),
        Row(field: .encryptionStatus, expected: "SSE-S3", reason: "the default", change: Self.encryption(.sseS3)),
        Row(field: .encryptionStatus, expected: "SSE-KMS", reason: "a key", change: Self.encryption(.sseKms)),
        Row(field: .encryptionStatus, expected: "DSSE-KMS", reason: "two layers", change: Self.encryption(.dsseKms)),
        Row(field: .encryptionStatus, expected: "SSE-C", reason: "a customer's", change: Self.encryption(.sseC)),
        Row(field: .objectLockRetainUntilDate, expected: "", reason: "no lock"),
        Row(field: .objectLockRetainUntilDate, expected: "2023-11-14T22:13:20.000Z", reason: "a date") {
            $0.retentionMode = "GOVERNANCE"
            $0.retainUntilMs = Self.noon.milliseconds
        },
        Row(field: .objectLockMode, expected: "", reason: "no lock"),
        Row(field: .objectLockMode, expected: "COMPLIANCE", reason: "its mode") { $0.retentionMode = "COMPLIANCE" },
        Row(field: .objectLockLegalHoldStatus, expected: "", reason: "never set"),
        Row(field: .objectLockLegalHoldStatus, expected: "On", reason: "set") { $0.legalHold = .on },
        Row(field: .objectLockLegalHoldStatus, expected: "Off", reason: "taken away") { $0.legalHold = .off },
        Row(field: .intelligentTieringAccessTier, expected: "", reason: "another class"),
        Row(field: .intelligentTieringAccessTier, expected: "FREQUENT", reason: "the only tier") {
            $0.storageClass = "INTELLIGENT_TIERING"
        },
        Row(field: .bucketKeyStatus, expected: "DISABLED", reason: "no bucket key", change: Self.encryption(.sseS3)),
        Row(
            field: .bucketKeyStatus, expected: "ENABLED", reason: "a bucket key",
            change: Self.encryption(.sseKms, bucketKey: true)),
        Row(field: .checksumAlgorithm, expected: "", reason: "none"),
        Row(field: .checksumAlgorithm, expected: "CRC64NVME", reason: "its name") {
            $0.checksum.algorithm = "CRC64NVME"
        },
        Row(
            field: .objectAccessControlList,
            expected: Base64.encode(
                Array(
                    #"{"version":"2022-11-10","status":"AVAILABLE","grants":[{"canonicalId":"a0","type":"CanonicalUser","permission":"FULL_CONTROL"},{"uri":"http://acs.amazonaws.com/groups/global/AllUsers","type":"Group","permission":"READ"}]}"#
                        .utf8)),
            reason: "base64 of JSON", list: Self.group),
        Row(field: .objectOwner, expected: "a0", reason: "the canonical ID"),
        Row(field: .lifecycleExpirationDate, expected: "", reason: "no rule"),
        Row(
            field: .lifecycleExpirationDate, expected: "2023-11-14T22:13:20.000Z", reason: "a rule",
            expiration: Self.noon),
        Row(field: .lifecycleExpirationDate, expected: "", reason: "never of what failed", expiration: Self.noon) {
            $0.destinations = [Self.state(.failed)]
        },
    ]

    private static func item(_ row: Row, isDeleteMarker: Bool = false) throws -> InventoryItem {
        var record = VersionRecord()
        record.id = VersionIdentity(Self.version)
        record.lastModifiedMs = Self.noon.milliseconds
        record.byteCount = 5
        record.etagMd5 = .init([0x00, 0xFF])
        record.isDeleteMarker = isDeleteMarker
        row.change(&record)
        return InventoryItem(
            key: try ObjectKey("k"), record: record, isLatest: true, owner: "a0", list: row.list,
            expiration: row.expiration)
    }

    private static let version = VersionID(
        stamp: HybridTimestamp(rawValue: 1 << 32), origin: 1, random: 2)

    @Test("§8.4: what each column says", arguments: Self.rows)
    func values(row: Row) throws {
        #expect(try Self.item(row).value(of: row.field) == row.expected)
    }

    @Test("§8.4: every column has a row in the table")
    func isWhole() {
        #expect(Set(Self.rows.map(\.field)) == Set(InventoryField.allCases))
    }

    @Test("§8.4, I-23: of a delete marker there are the time, the owner and the status alone")
    func deleteMarker() throws {
        let row = Row(field: .size, expected: "", reason: "marker", expiration: Self.noon)
        let item = try Self.item(row, isDeleteMarker: true)
        let present: [InventoryField: String] = [
            .lastModifiedDate: "2023-11-14T22:13:20.000Z", .isMultipartUploaded: "false", .objectOwner: "a0",
        ]
        for field in InventoryField.allCases { #expect(item.value(of: field) == present[field] ?? "") }
    }

    @Test("§8.4, TD-14: the order is fixed, keys are encoded, fields quoted; BR-MF-12: the null version has no ID")
    func wholeRows() throws {
        let row = Row(field: .size, expected: "", reason: "order")
        var item = try Self.item(row)
        item.key = try ObjectKey("a b/ü~+\"c")
        let current = InventorySchema(bucket: "photos", includesAllVersions: false, fields: [.eTag, .size])
        #expect(current.text == "Bucket, Key, Size, ETag")
        var text: [UInt8] = []
        current.append(item, to: &text)
        #expect(String(decoding: text, as: UTF8.self) == "\"photos\",\"a%20b/%C3%BC%7E%2B%22c\",\"5\",\"00ff\"\n")

        let all = InventorySchema(bucket: "photos", includesAllVersions: true, fields: Set(InventoryField.allCases))
        #expect(
            all.text
                == "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass, IsMultipartUploaded, ReplicationStatus, EncryptionStatus, ObjectLockRetainUntilDate, ObjectLockMode, ObjectLockLegalHoldStatus, IntelligentTieringAccessTier, BucketKeyStatus, ChecksumAlgorithm, ObjectAccessControlList, ObjectOwner, LifecycleExpirationDate"
        )
        item.key = try ObjectKey("k")
        let versions = InventorySchema(bucket: "photos", includesAllVersions: true, fields: [])
        text = []
        versions.append(item, to: &text)
        item.record.isNull = true
        item.isLatest = false
        item.record.isDeleteMarker = true
        versions.append(item, to: &text)
        let id = item.record.versionID.wireForm
        #expect(
            String(decoding: text, as: UTF8.self)
                == "\"photos\",\"k\",\"\(id)\",\"true\",\"false\"\n\"photos\",\"k\",\"\",\"false\",\"true\"\n")
    }
}
