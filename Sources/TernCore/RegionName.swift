/// The name of a region, such as `us-east-1` or `tern-1`: 1 to 63 of `[a-z0-9-]`.
package struct RegionName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    package init?(_ name: String) {
        let isValid = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "-")
        }
        guard isValid, (1...63).contains(name.utf8.count), !name.hasPrefix("-") else { return nil }
        self.description = name
    }

    /// For a name that was validated before, such as one read back from storage.
    package init(trusted name: String) {
        self.description = name
    }

    package static let usEast1 = RegionName(trusted: "us-east-1")

    /// 32 bits that stand for the region in version IDs (FNV-1a of the name).
    package var tag: UInt32 {
        self.description.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }

    package static func < (left: RegionName, right: RegionName) -> Bool {
        left.description < right.description
    }
}
