import TernCore
import TernPorts
import TernRecords
import TernTestSupport
import Testing

@testable import TernObjects

@Suite("Keys of KMS in use")
struct KeysInUseTests {
    @Test(
        "KMS-8: a key is needed while a current or older version is encrypted with it", arguments: [Mode.kms, .double])
    func versions(_ mode: Mode) async throws {
        let region = try await EncryptedObjectTests().makeRegion()
        let plain = try await region.put("a", in: "box", bytes: [1], as: Mode.sseS3.request)
        #expect(plain.encryption.kmsKeyArn.isEmpty)
        let record = try await region.put("k", in: "chest", bytes: [1, 2, 3], as: mode.request)
        let arn = record.encryption.kmsKeyArn
        #expect(!arn.isEmpty)
        let item = KeyedItem(
            kind: .version, bucket: "chest", key: try ObjectKey("k"), version: record.reference)
        #expect(try await region.service.items(encryptedWithKey: arn, limit: 10) == [item])
        #expect(try await region.service.items(encryptedWithKey: arn + "0", limit: 10).isEmpty)
        // It becomes a noncurrent version.
        _ = try await region.put("k", in: "chest", bytes: [4], as: Mode.sseS3.request)
        #expect(try await region.service.items(encryptedWithKey: arn, limit: 10) == [item])
        for index in 0..<5 { _ = try await region.put("n\(index)", in: "box", bytes: [1], as: mode.request) }
        #expect(try await region.service.items(encryptedWithKey: arn, limit: 3).count == 3)
        #expect(try await region.service.items(encryptedWithKey: arn, limit: 100).count == 6)
    }
}
