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
        #expect(try await region.service.isEncrypted(withKey: arn))
        #expect(try await !region.service.isEncrypted(withKey: arn + "0"))
        _ = try await region.put("k", in: "chest", bytes: [4], as: Mode.sseS3.request)
        #expect(try await region.service.isEncrypted(withKey: arn))
    }
}
