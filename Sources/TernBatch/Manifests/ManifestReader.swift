package import TernCore

/// Reads the rows of a manifest, in any pieces, and checks what makes the whole job fail: the number of fields, keys and
/// version IDs that cannot be any, and rows of two buckets (spec rules BR-MF-6 to BR-MF-9).
package struct ManifestReader: Sendable {
    /// The longest version ID, in bytes.
    static let maximumVersionBytes = 1024

    private let schema: ManifestSchema
    private var csv = CSVReader()
    /// The bucket of all rows, once one was read.
    package private(set) var bucket: [UInt8]?
    package private(set) var rowCount: Int64 = 0

    /// - Parameter bucket: The bucket that an earlier file of the same manifest was about.
    package init(schema: ManifestSchema, bucket: [UInt8]? = nil) {
        self.schema = schema
        self.bucket = bucket
    }

    package mutating func read(
        _ bytes: some Sequence<UInt8>, into tasks: inout [BatchTask]
    ) throws(JobFailure) {
        var rows: [BatchTask] = []
        var bucket = self.bucket
        let schema = self.schema
        try self.csv.read(bytes) { row throws(JobFailure) in
            rows.append(try Self.task(row, schema: schema, bucket: &bucket))
        }
        self.take(rows, bucket: bucket, into: &tasks)
    }

    package mutating func finish(into tasks: inout [BatchTask]) throws(JobFailure) {
        var rows: [BatchTask] = []
        var bucket = self.bucket
        let schema = self.schema
        try self.csv.finish { row throws(JobFailure) in
            rows.append(try Self.task(row, schema: schema, bucket: &bucket))
        }
        self.take(rows, bucket: bucket, into: &tasks)
    }

    private mutating func take(_ rows: [BatchTask], bucket: [UInt8]?, into tasks: inout [BatchTask]) {
        self.bucket = bucket
        self.rowCount += Int64(rows.count)
        tasks.append(contentsOf: rows)
    }

    private static func task(
        _ row: CSVRow, schema: ManifestSchema, bucket: inout [UInt8]?
    ) throws(JobFailure) -> BatchTask {
        guard row.count == schema.columnCount else { throw .unexpectedFieldCount(line: row.line) }
        let name = row[schema.bucket]
        if let bucket {
            guard name.elementsEqual(bucket) else {
                throw .invalidManifest(
                    "Invalid Manifest Content: objects of more than one bucket (line \(row.line))")
            }
        } else {
            guard BucketName(String(decoding: name, as: UTF8.self)) != nil else {
                throw .invalidManifest("Invalid Manifest Content: not a bucket name (line \(row.line))")
            }
            bucket = Array(name)
        }
        let key = row[schema.key]
        guard ManifestKey.decode(key) != nil else {
            throw .invalidManifest("Invalid object key format (line \(row.line))")
        }
        guard let column = schema.version else { return BatchTask(encodedKey: Array(key), versionID: nil) }
        let version = row[column]
        guard version.count <= Self.maximumVersionBytes, let text = String(validating: version, as: UTF8.self) else {
            throw .invalidManifest("Invalid version ID format (line \(row.line))")
        }
        return BatchTask(encodedKey: Array(key), versionID: text)
    }
}

/// Keys as manifests and reports have them (spec rule BR-MF-6).
package enum ManifestKey {
    /// The key of a manifest's column: percent-decoded once, `+` is a blank. `nil` when it is none.
    package static func decode(_ encoded: some Sequence<UInt8>) -> ObjectKey? {
        guard let bytes = PercentEncoding.decode(encoded, plusIsSpace: true) else { return nil }
        do throws(ObjectKey.Problem) {
            return try ObjectKey(bytes)
        } catch {
            return nil
        }
    }

    /// Appends the form that manifests and inventories are written in: `/` stays, a blank is `%20` (decision TD-14).
    package static func appendEncoded(_ key: ObjectKey, to text: inout [UInt8]) {
        for byte in key.bytes {
            // Inventories encode this one too, as Java's URLEncoder does.
            if byte == UInt8(ascii: "~") {
                text.append(contentsOf: "%7E".utf8)
            } else {
                PercentEncoding.appendEncoded(CollectionOfOne(byte), keepingSlash: true, to: &text)
            }
        }
    }
}
