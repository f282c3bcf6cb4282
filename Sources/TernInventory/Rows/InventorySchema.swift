import TernBatch
import TernCore
import TernRecords

/// The columns of a report: `Bucket` and `Key`, those of versions, and the optional ones in their fixed order.
package struct InventorySchema: Hashable, Sendable {
    package let bucket: String
    package let includesAllVersions: Bool
    package let fields: [InventoryField]

    package init(bucket: String, includesAllVersions: Bool, fields: Set<InventoryField>) {
        self.bucket = bucket
        self.includesAllVersions = includesAllVersions
        self.fields = InventoryField.allCases.filter { fields.contains($0) }
    }

    /// `fileSchema` of the manifest.
    package var text: String {
        let versions = self.includesAllVersions ? ["VersionId", "IsLatest", "IsDeleteMarker"] : []
        return (["Bucket", "Key"] + versions + self.fields.map(\.rawValue)).joined(separator: ", ")
    }

    /// Appends a row: every field in quotes, what is absent empty.
    package func append(_ item: InventoryItem, to text: inout [UInt8]) {
        Self.append(self.bucket, isFirst: true, to: &text)
        text.append(contentsOf: ",\"".utf8)
        ManifestKey.appendEncoded(item.key, to: &text)
        text.append(UInt8(ascii: "\""))
        if self.includesAllVersions {
            // An empty one is the null version, which whoever takes the report for a manifest has to know (BR-MF-12).
            Self.append(item.record.isNull ? "" : item.record.versionID.wireForm, to: &text)
            Self.append(item.isLatest ? "true" : "false", to: &text)
            Self.append(item.record.isDeleteMarker ? "true" : "false", to: &text)
        }
        for field in self.fields { Self.append(item.value(of: field), to: &text) }
        text.append(UInt8(ascii: "\n"))
    }

    /// No value has a quote in it: keys are encoded, all others are words, numbers and dates.
    private static func append(_ value: String, isFirst: Bool = false, to text: inout [UInt8]) {
        if !isFirst { text.append(UInt8(ascii: ",")) }
        text.append(UInt8(ascii: "\""))
        text.append(contentsOf: value.utf8)
        text.append(UInt8(ascii: "\""))
    }
}
