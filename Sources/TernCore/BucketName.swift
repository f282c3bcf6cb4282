/// The name of a bucket, unique in the federation.
///
/// Source: spec rule ADR-11; Amazon S3 User Guide, "Bucket naming rules".
package struct BucketName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    /// A name that may be created, or `nil`: 3 to 63 of `[a-z0-9.-]`, letter or digit at both ends, no `..`, no IPv4
    /// form, none of the reserved prefixes and suffixes.
    package init?(_ name: String) {
        let bytes = Array(name.utf8)
        guard (3...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return nil }
        guard Self.isLetterOrDigit(first), Self.isLetterOrDigit(last) else { return nil }
        var previous: UInt8 = 0
        for byte in bytes {
            guard Self.isLetterOrDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") else {
                return nil
            }
            if byte == UInt8(ascii: "."), previous == byte { return nil }
            previous = byte
        }
        if Self.isIPv4Form(bytes) { return nil }
        if Self.reservedPrefixes.contains(where: { name.hasPrefix($0) }) { return nil }
        if Self.reservedSuffixes.contains(where: { name.hasSuffix($0) }) { return nil }
        self.description = name
    }

    /// For a name that was validated before, such as one read back from storage.
    package init(trusted name: String) {
        self.description = name
    }

    package static func < (left: BucketName, right: BucketName) -> Bool {
        left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }

    private static let reservedPrefixes = ["xn--", "sthree-", "amzn-s3-demo-"]
    private static let reservedSuffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"]

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isIPv4Form(_ bytes: [UInt8]) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.count) && part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            }
    }
}
