package import TernCore

/// The manifest that a job makes of a bucket: where its parts are, and what is in them (decision TD-7).
package struct GeneratedManifest: Hashable, Sendable {
    /// The only format of generated manifests.
    package static let format = "S3InventoryReport_CSV_20211130"
    package static let version = "2021-11-30"
    package static let fileSchema = "Bucket, Key, VersionId"

    /// `prefix/job-id/`
    private let folder: String

    /// - Parameter isBesideReport: Whether the job's report is in the same folder: it has a `manifest.json` too, so that
    ///   this one is in a folder of its own there.
    package init(prefix: String?, jobID: String, isBesideReport: Bool = false) {
        self.folder = JobFolder.path(prefix: prefix, jobID: jobID) + (isBesideReport ? "generated/" : "")
    }

    package var manifestKey: String { self.folder + "manifest.json" }
    package var checksumKey: String { self.folder + "manifest.json.md5" }

    /// - Parameter name: 40 hexadecimal digits.
    package func dataKey(_ name: String) -> String { "\(self.folder)data/\(name).csv.gz" }

    /// Appends one row, each field in quotes.
    package static func append(bucket: BucketName, _ task: BatchTask, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        text.append(contentsOf: bucket.description.utf8)
        text.append(contentsOf: "\",\"".utf8)
        text.append(contentsOf: task.encodedKey)
        text.append(contentsOf: "\",\"".utf8)
        text.append(contentsOf: (task.versionID ?? "").utf8)
        text.append(contentsOf: "\"\n".utf8)
    }
}

/// Where what a job writes is kept.
package enum JobFolder {
    /// `prefix/job-id/`; a slash at the end of the prefix is not doubled.
    package static func path(prefix: String?, jobID: String) -> String {
        guard let prefix, !prefix.isEmpty else { return "job-\(jobID)/" }
        return "\(prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix)/job-\(jobID)/"
    }
}
