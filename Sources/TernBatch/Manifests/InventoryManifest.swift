package import TernCore

/// The `manifest.json` of an inventory, and of a manifest that a job generated.
///
/// Source: Amazon S3 User Guide, "Inventory manifest"; batch-replication §3.3, §8.3, rules BR-MF-10, BR-MF-11.
package struct InventoryManifest: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        /// In the destination bucket.
        package var key: String
        package var byteCount: Int64
        /// Of the object as it is stored, in lower-case hexadecimal.
        package var md5: String

        package init(key: String, byteCount: Int64, md5: String) {
            self.key = key
            self.byteCount = byteCount
            self.md5 = md5
        }
    }

    package var sourceBucket: String
    /// The bucket of the files, without `arn:aws:s3:::`.
    package var destinationBucket: String
    package var version: String
    package var created: Timestamp
    /// `Bucket, Key, VersionId`…
    package var fileSchema: String
    package var files: [File]

    package init(
        sourceBucket: String, destinationBucket: String, version: String, created: Timestamp, fileSchema: String,
        files: [File]
    ) {
        self.sourceBucket = sourceBucket
        self.destinationBucket = destinationBucket
        self.version = version
        self.created = created
        self.fileSchema = fileSchema
        self.files = files
    }

    static let bucketPrefix = "arn:aws:s3:::"

    /// The document.
    package func encode() -> [UInt8] {
        var json = JSONWriter()
        json.openObject()
        json.member("sourceBucket", self.sourceBucket)
        json.member("destinationBucket", Self.bucketPrefix + self.destinationBucket)
        json.member("version", self.version)
        json.member("creationTimestamp", String(self.created.milliseconds))
        json.member("fileFormat", "CSV")
        json.member("fileSchema", self.fileSchema)
        json.name("files")
        json.openArray()
        for file in self.files {
            json.openObject()
            json.member("key", file.key)
            json.name("size")
            json.number(file.byteCount)
            json.member("MD5checksum", file.md5)
            json.closeObject()
        }
        json.closeArray()
        json.closeObject()
        return json.bytes
    }

    /// Reads a document, whatever its `version` says (spec rule BR-MF-10).
    package init(decoding bytes: [UInt8]) throws(JobFailure) {
        let malformed = JobFailure.invalidManifest("Manifest file is not properly formatted")
        let json: JSONValue
        do throws(JSONParser.Problem) {
            json = try JSONParser.parse(bytes)
        } catch {
            throw malformed
        }
        guard let schema = json["fileSchema"]?.string, let bucket = json["destinationBucket"]?.string,
            case .array(let entries)? = json["files"]
        else { throw malformed }
        guard json["fileFormat"]?.string == "CSV" else {
            throw .invalidManifest("Invalid Manifest Content: fileFormat must be CSV")
        }
        self.sourceBucket = json["sourceBucket"]?.string ?? ""
        self.destinationBucket =
            bucket.hasPrefix(Self.bucketPrefix) ? String(bucket.dropFirst(Self.bucketPrefix.count)) : bucket
        self.version = json["version"]?.string ?? ""
        self.created = Timestamp(milliseconds: Int64(json["creationTimestamp"]?.string ?? "") ?? 0)
        self.fileSchema = schema
        self.files = []
        for entry in entries {
            guard let key = entry["key"]?.string, case .number(let size)? = entry["size"], let byteCount = Int64(size),
                let md5 = entry["MD5checksum"]?.string
            else { throw malformed }
            self.files.append(File(key: key, byteCount: byteCount, md5: md5.lowercased()))
        }
    }
}
