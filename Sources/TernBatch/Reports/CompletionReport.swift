package import TernCore

/// Where the parts of a completion report are, and its `manifest.json`.
///
/// Source: Amazon S3 User Guide, "Examples: S3 Batch Operations completion reports"; batch-replication §5.
package struct CompletionReport: Hashable, Sendable {
    package static let format = "Report_CSV_20180820"

    /// One file of results.
    package struct File: Hashable, Sendable {
        package var isOfSuccesses: Bool
        package var key: String
        /// In lower-case hexadecimal.
        package var md5: String

        package init(isOfSuccesses: Bool, key: String, md5: String) {
            self.isOfSuccesses = isOfSuccesses
            self.key = key
            self.md5 = md5
        }
    }

    private let folder: String

    package init(prefix: String?, jobID: String) {
        self.folder = JobFolder.path(prefix: prefix, jobID: jobID)
    }

    package var manifestKey: String { self.folder + "manifest.json" }
    package var checksumKey: String { self.folder + "manifest.json.md5" }

    /// - Parameter name: 40 hexadecimal digits.
    package func resultsKey(_ name: String) -> String { "\(self.folder)results/\(name).csv" }

    /// The document that lists the files.
    package static func manifest(bucket: String, files: [File], created: Timestamp) -> [UInt8] {
        var json = JSONWriter()
        json.openObject()
        json.member("Format", Self.format)
        json.member("ReportCreationDate", created.iso8601)
        json.name("Results")
        json.openArray()
        for file in files {
            json.openObject()
            json.member("TaskExecutionStatus", file.isOfSuccesses ? "succeeded" : "failed")
            json.member("Bucket", bucket)
            json.member("MD5Checksum", file.md5)
            json.member("Key", file.key)
            json.closeObject()
        }
        json.closeArray()
        json.member("ReportSchema", ReportRow.schema)
        json.closeObject()
        return json.bytes
    }
}
