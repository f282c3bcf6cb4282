/// The body of DeleteObjects (spec s3-api §3.2c, VER-16).
package struct DeleteRequestXML: Hashable, Sendable {
    package struct Object: Hashable, Sendable {
        /// The key's bytes, literal and not empty; whether they are a key is for the caller to say, entry by entry.
        package var key: [UInt8]
        /// As the client wrote it, unchecked.
        package var versionID: String?
        /// `If-Match` of this entry.
        package var etag: String?
        /// Whether it has a condition that only directory buckets know: `NotImplemented` for this entry.
        package var hasDirectoryBucketCondition: Bool

        package init(
            key: [UInt8],
            versionID: String? = nil,
            etag: String? = nil,
            hasDirectoryBucketCondition: Bool = false
        ) {
            self.key = key
            self.versionID = versionID
            self.etag = etag
            self.hasDirectoryBucketCondition = hasDirectoryBucketCondition
        }
    }

    /// Whether only errors are wanted in the answer.
    package var isQuiet: Bool
    /// 1 to 1,000, in order.
    package var objects: [Object]

    package init(isQuiet: Bool, objects: [Object]) {
        self.isQuiet = isQuiet
        self.objects = objects
    }

    /// - Throws: `MissingRequestBodyError`, `MaxMessageLengthExceeded`, or `MalformedXML`, also for no key or more than
    ///   1,000.
    package init(decoding bytes: [UInt8]) throws(S3Error) {
        let root = try RequestDocument.parse(bytes, root: "Delete")
        self.isQuiet = try root.boolean(of: "Quiet") ?? false
        self.objects = []
        for node in root.children where node.name == "Object" {
            if self.objects.count == S3Limits.deleteObjectsKeys { throw .malformedXML }
            guard let key = try node.leafText(of: "Key"), !key.isEmpty else { throw .malformedXML }
            self.objects.append(
                Object(
                    key: Array(key.utf8),
                    versionID: try node.leafText(of: "VersionId"),
                    etag: try node.leafText(of: "ETag"),
                    hasDirectoryBucketCondition: node["LastModifiedTime"] != nil || node["Size"] != nil
                )
            )
        }
        if self.objects.isEmpty { throw .malformedXML }
    }
}

/// The answer of DeleteObjects (spec rule VER-16).
package struct DeleteResultXML: Hashable, Sendable {
    package enum Entry: Hashable, Sendable {
        /// - Parameters:
        ///   - versionID: Only if the request named one.
        ///   - deleteMarkerVersionID: Of the delete marker that was made or removed; `nil` if there was none.
        case deleted(key: [UInt8], versionID: String?, deleteMarkerVersionID: String?)
        case failed(key: [UInt8], versionID: String?, code: String, message: String)
    }

    /// In the order of the request.
    package var entries: [Entry]
    package var isQuiet: Bool

    package init(entries: [Entry] = [], isQuiet: Bool) {
        self.entries = entries
        self.isQuiet = isQuiet
    }

    package func encode() -> [UInt8] {
        var writer = XMLWriter(capacity: 256 + (self.isQuiet ? 0 : self.entries.count * 128))
        writer.openRoot("DeleteResult")
        for entry in self.entries {
            switch entry {
            case .deleted(let key, let versionID, let deleteMarkerVersionID):
                if self.isQuiet { continue }
                writer.open("Deleted")
                writer.element("Key", bytes: key)
                writer.element("VersionId", ifPresent: versionID)
                if let deleteMarkerVersionID {
                    writer.element("DeleteMarker", true)
                    writer.element("DeleteMarkerVersionId", deleteMarkerVersionID)
                }
                writer.close("Deleted")
            case .failed(let key, let versionID, let code, let message):
                writer.open("Error")
                writer.element("Key", bytes: key)
                writer.element("VersionId", ifPresent: versionID)
                writer.element("Code", code)
                writer.element("Message", message)
                writer.close("Error")
            }
        }
        writer.close("DeleteResult")
        return writer.finish()
    }
}

extension DeleteResultXML.Entry {
    /// A refused entry, with the code and message that the single operation would have.
    package static func failed(_ object: DeleteRequestXML.Object, _ error: S3Error) -> Self {
        .failed(key: object.key, versionID: object.versionID, code: error.code, message: error.message)
    }
}
