/// Which columns of a manifest say what.
///
/// Source: batch-replication §3.2, rule BR-MF-10.
package struct ManifestSchema: Hashable, Sendable {
    package enum Problem: Error, Hashable, Sendable {
        case missingFields([String])
        case duplicateField(String)
    }

    package let columnCount: Int
    package let bucket: Int
    package let key: Int
    package let version: Int?

    /// - Parameter columns: Names in their order; others than `Bucket`, `Key` and `VersionId` are skipped.
    package init(columns: [String]) throws(Problem) {
        for name in ["Bucket", "Key", "VersionId"] where columns.count(where: { $0 == name }) > 1 {
            throw .duplicateField(name)
        }
        guard let bucket = columns.firstIndex(of: "Bucket"), let key = columns.firstIndex(of: "Key") else {
            throw .missingFields(["Bucket", "Key"].filter { !columns.contains($0) })
        }
        self.columnCount = columns.count
        self.bucket = bucket
        self.key = key
        self.version = columns.firstIndex(of: "VersionId")
    }

    /// Of an inventory's `fileSchema`: names with commas between.
    package init(fileSchema: String) throws(Problem) {
        try self.init(
            columns: fileSchema.split(separator: ",", omittingEmptySubsequences: false).map { part in
                String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            })
    }
}
