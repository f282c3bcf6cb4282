package import TernCore

/// The `x-amz-copy-source` header (spec rule CPY-1).
package struct CopySourceHeader: Hashable, Sendable {
    package var bucket: BucketName
    package var key: ObjectKey
    /// The value of `?versionId=`, unchecked; `nil` if there is none.
    package var versionID: String?

    package init(bucket: BucketName, key: ObjectKey, versionID: String? = nil) {
        self.bucket = bucket
        self.key = key
        self.versionID = versionID
    }

    /// Reads `bucket/key` or `/bucket/key`, percent-encoded, with an optional `?versionId=`.
    ///
    /// `+` is a space, as in a form: s5cmd writes spaces so, and others write a plus sign as `%2B` for that reason.
    /// Only a literal `?versionId=` begins a query.
    ///
    /// - Throws: `InvalidArgument` with one of three texts, or `KeyTooLongError`.
    package init(decoding value: String) throws(S3Error) {
        let (path, version) = Self.split(value)
        guard let decoded = PercentEncoding.decode(path.utf8, plusIsSpace: true) else {
            throw .copySourceEncodingInvalid
        }
        if let version {
            guard let text = PercentEncoding.decodeText(version.utf8) else { throw .copySourceEncodingInvalid }
            if text.isEmpty { throw .emptyVersionID }
            self.versionID = text
        } else {
            self.versionID = nil
        }
        let absolute = decoded.first == UInt8(ascii: "/") ? decoded[1...] : decoded[...]
        guard let slash = absolute.firstIndex(of: UInt8(ascii: "/")) else { throw .copySourceKeyInvalid }
        guard let bucket = BucketName(String(decoding: absolute[..<slash], as: UTF8.self)) else {
            throw .copySourceBucketInvalid
        }
        self.bucket = bucket
        do {
            self.key = try ObjectKey(Array(absolute[(slash + 1)...]))
        } catch {
            switch error {
            case .tooLong(let byteCount): throw .keyTooLong(byteCount: byteCount)
            case .empty: throw .copySourceKeyInvalid
            case .notUTF8, .containsNUL: throw .copySourceEncodingInvalid
            }
        }
    }

    /// Takes the last `?versionId=` off.
    private static func split(_ value: String) -> (path: Substring, version: Substring?) {
        guard let mark = value.ranges(of: "?versionId=").last else { return (value[...], nil) }
        return (value[..<mark.lowerBound], value[mark.upperBound...])
    }
}
