/// The name of an object in a bucket: 1 to 1,024 bytes of UTF-8, compared and ordered byte by byte.
///
/// It is not a `String`, because Swift compares strings by canonical equivalence while S3 compares bytes: "é" in its
/// composed and decomposed forms are two keys.
///
/// Source: spec rule ADR-6; Amazon S3 User Guide, "Naming Amazon S3 objects".
package struct ObjectKey: Hashable, Sendable, Comparable {
    /// The largest key, in bytes.
    package static let maximumByteCount = 1024

    /// Why bytes are not a key.
    package enum Problem: Error, Sendable, Equatable {
        case empty
        case tooLong(byteCount: Int)
        case notUTF8
        case containsNUL
    }

    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) throws(Problem) {
        if bytes.isEmpty { throw .empty }
        if bytes.count > Self.maximumByteCount { throw .tooLong(byteCount: bytes.count) }
        if bytes.contains(0) { throw .containsNUL }
        if !bytes.isValidUTF8 { throw .notUTF8 }
        self.bytes = bytes
    }

    package init(_ string: String) throws(Problem) {
        try self.init(Array(string.utf8))
    }

    /// For bytes that were validated before, such as those read back from storage.
    package init(trusted bytes: [UInt8]) {
        self.bytes = bytes
    }

    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    package func hasPrefix(_ prefix: [UInt8]) -> Bool {
        self.bytes.starts(with: prefix)
    }
}

extension ObjectKey: CustomStringConvertible {
    package var description: String { String(decoding: self.bytes, as: UTF8.self) }
}

extension [UInt8] {
    /// Whether these bytes are well-formed UTF-8.
    package var isValidUTF8: Bool {
        if self.allSatisfy({ $0 < 0x80 }) { return true }
        return String(validating: self, as: UTF8.self) != nil
    }
}
