package import TernS3Protocol

/// What one inventory of a bucket lists, where and how often.
///
/// Source: Amazon S3 API Reference, InventoryConfiguration; batch-replication §8.1.
package struct InventoryConfiguration: Hashable, Sendable {
    package enum Format: String, Hashable, Sendable {
        case csv = "CSV"
        case orc = "ORC"
        case parquet = "Parquet"
    }

    package enum Frequency: String, Hashable, Sendable {
        case daily = "Daily"
        /// On Sundays, in UTC.
        case weekly = "Weekly"
    }

    package enum Encryption: Hashable, Sendable {
        /// As the destination bucket encrypts by default.
        case bucketDefault
        case sseS3
        case sseKMS(keyID: String)
    }

    package var id: String
    package var isEnabled: Bool
    /// Of the keys that are listed; empty for all.
    package var prefix: String
    package var destinationBucket: String
    /// Who has to own the destination bucket; `nil` for whoever does.
    package var destinationOwner: String?
    package var destinationPrefix: String
    package var format: Format
    package var encryption: Encryption
    package var frequency: Frequency
    /// Noncurrent versions and delete markers too.
    package var includesAllVersions: Bool
    package var fields: Set<InventoryField>

    /// Whether reports of the format are written (decision TD-13).
    package var isDelivered: Bool { self.format == .csv }

    private static let bucketPrefix = "arn:aws:s3:::"

    /// Reads a document as ``NamedConfigurationKind/normalized(_:id:)`` wrote it.
    package init(decoding document: [UInt8]) throws(S3Error) {
        let root = try RequestDocument.parse(document, root: NamedConfigurationKind.inventory.root)
        guard let id = root.text(of: "Id"), let destination = root["Destination"]?["S3BucketDestination"],
            let arn = destination.text(of: "Bucket"), arn.hasPrefix(Self.bucketPrefix),
            let format = destination.text(of: "Format").flatMap({ Format(rawValue: $0) }),
            let frequency = root["Schedule"]?.text(of: "Frequency").flatMap({ Frequency(rawValue: $0) })
        else { throw .malformedXML }
        self.id = id
        self.isEnabled = root.text(of: "IsEnabled")?.lowercased() == "true"
        self.prefix = root["Filter"]?.text(of: "Prefix") ?? ""
        self.destinationBucket = String(arn.dropFirst(Self.bucketPrefix.count))
        let owner = destination.text(of: "AccountId") ?? ""
        self.destinationOwner = owner.isEmpty ? nil : owner
        self.destinationPrefix = destination.text(of: "Prefix") ?? ""
        self.format = format
        if let keyID = destination["Encryption"]?["SSE-KMS"]?.text(of: "KeyId") {
            self.encryption = .sseKMS(keyID: keyID)
        } else {
            self.encryption = destination["Encryption"]?["SSE-S3"] == nil ? .bucketDefault : .sseS3
        }
        self.frequency = frequency
        self.includesAllVersions = root.text(of: "IncludedObjectVersions") == "All"
        let names = root["OptionalFields"]?.children(named: "Field").map(\.text) ?? []
        self.fields = Set(names.compactMap { InventoryField(rawValue: $0) })
    }
}
