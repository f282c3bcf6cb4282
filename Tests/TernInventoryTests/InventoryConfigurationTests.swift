import TernCore
import TernInventory
import TernS3Protocol
import Testing

@Suite("Configurations of inventories")
struct InventoryConfigurationTests {
    static func document(
        enabled: String = "true", format: String = "CSV", frequency: String = "Daily", destination: String = "ops",
        more: String = "", fields: [InventoryField] = [], versions: String = "All", prefix: String? = nil
    ) throws(S3Error) -> [UInt8] {
        let filter = prefix.map { "<Filter><Prefix>\($0)</Prefix></Filter>" } ?? ""
        let optional = fields.map { "<Field>\($0.rawValue)</Field>" }.joined()
        let text =
            "<InventoryConfiguration><Id>i</Id><IsEnabled>\(enabled)</IsEnabled>\(filter)<Destination><S3BucketDestination><Bucket>arn:aws:s3:::\(destination)</Bucket><Format>\(format)</Format>\(more)</S3BucketDestination></Destination><Schedule><Frequency>\(frequency)</Frequency></Schedule><IncludedObjectVersions>\(versions)</IncludedObjectVersions><OptionalFields>\(optional)</OptionalFields></InventoryConfiguration>"
        return try NamedConfigurationKind.inventory.normalized(Array(text.utf8), id: "i")
    }

    static func configuration(
        enabled: String = "true", format: String = "CSV", frequency: String = "Daily"
    ) throws -> InventoryConfiguration {
        try InventoryConfiguration(
            decoding: Self.document(enabled: enabled, format: format, frequency: frequency))
    }

    @Test("§8.1: every member is read from what is stored")
    func members() throws {
        let full = try InventoryConfiguration(
            decoding: Self.document(
                frequency: "Weekly",
                more:
                    "<AccountId>111122223333</AccountId><Prefix>inv</Prefix><Encryption><SSE-KMS><KeyId>key</KeyId></SSE-KMS></Encryption>",
                fields: [.size, .eTag], versions: "Current", prefix: "2025/"))
        #expect(full.id == "i" && full.isEnabled && full.prefix == "2025/")
        #expect(full.destinationBucket == "ops" && full.destinationOwner == "111122223333")
        #expect(full.destinationPrefix == "inv" && full.encryption == .sseKMS(keyID: "key"))
        #expect(full.frequency == .weekly && !full.includesAllVersions && full.fields == [.size, .eTag])
        let small = try InventoryConfiguration(
            decoding: Self.document(more: "<Encryption><SSE-S3/></Encryption>"))
        #expect(small.prefix.isEmpty && small.destinationOwner == nil && small.destinationPrefix.isEmpty)
        #expect(small.encryption == .sseS3 && small.includesAllVersions && small.fields.isEmpty)
        #expect(try Self.configuration(enabled: "false").isEnabled == false)
    }

    @Test("§8.3: where the parts of a report are")
    func places() throws {
        let started = try #require(Timestamp(iso8601: "2026-03-02T09:05:59Z"))
        let places = InventoryPlaces(prefix: "inv", bucket: "photos", id: "all", started: started)
        #expect(places.manifestKey == "inv/photos/all/2026-03-02T09-05Z/manifest.json")
        #expect(places.checksumKey == "inv/photos/all/2026-03-02T09-05Z/manifest.checksum")
        #expect(places.symlinkKey == "inv/photos/all/hive/dt=2026-03-02-09-05/symlink.txt")
        #expect(
            places.dataKey((0x939C_6D46_85A9_FBA8, 0x47BD_9DB7_05A5_79CE))
                == "inv/photos/all/data/939c6d46-85a9-4ba8-87bd-9db705a579ce.csv.gz")
        let bare = InventoryPlaces(prefix: "", bucket: "photos", id: "all", started: started)
        #expect(bare.manifestKey == "photos/all/2026-03-02T09-05Z/manifest.json")
    }
}
