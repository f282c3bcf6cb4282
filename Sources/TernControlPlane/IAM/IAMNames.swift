package import TernRecords

/// What names, paths, descriptions and tags may be (IAM-20, IAM-21).
package enum IAMNames {
    /// - Parameter member: As the model calls it: `userName`.
    package static func check(_ name: String, _ member: String, limit: Int) throws(IAMError) {
        try self.checkLength(name, member, 1...limit)
        guard name.utf8.allSatisfy(self.isNameCharacter) else {
            throw .validation(
                "The specified value for \(member) is invalid. It must contain only alphanumeric characters and/or the "
                    + "following: +=,.@_-")
        }
    }

    /// `/`, or `/…/` of printable characters.
    package static func checkPath(_ path: String, _ member: String = "path") throws(IAMError) {
        try self.checkLength(path, member, 1...512)
        guard path.hasPrefix("/"), path.hasSuffix("/"), path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .validation(
                "The specified value for \(member) is invalid. It must begin and end with / and contain only "
                    + "alphanumeric characters and/or / characters.")
        }
    }

    package static func checkLength(
        _ value: String, _ member: String, _ lengths: ClosedRange<Int>
    ) throws(IAMError) {
        let count = value.unicodeScalars.count
        if count < lengths.lowerBound {
            throw .constraint(
                value, member, "Member must have length greater than or equal to \(lengths.lowerBound)")
        }
        if count > lengths.upperBound {
            throw .constraint(value, member, "Member must have length less than or equal to \(lengths.upperBound)")
        }
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "_+=,.@-".utf8.contains(byte)
        }
    }

    // MARK: Tags

    static let tagLimit = 50

    /// Tags as a request gives them: keys are unique without regard to case.
    package static func checkTags(_ tags: [TagPair]) throws(IAMError) {
        guard tags.count <= self.tagLimit else {
            throw .constraint(
                "\(tags.count) tags", "tags", "Member must have length less than or equal to \(self.tagLimit)")
        }
        var keys: Set<String> = []
        for (index, tag) in tags.enumerated() {
            try self.checkLength(tag.key, "tags.\(index + 1).member.key", 1...128)
            try self.checkLength(tag.value, "tags.\(index + 1).member.value", 0...256)
            for (member, text) in [("key", tag.key), ("value", tag.value)] {
                guard text.unicodeScalars.allSatisfy(self.isTagCharacter) else {
                    throw .constraint(
                        text, "tags.\(index + 1).member.\(member)",
                        #"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*"#)
                }
            }
            guard !tag.key.lowercased().hasPrefix("aws:") else {
                throw .invalidInput("Tag keys that begin with aws: are reserved for system use.")
            }
            guard keys.insert(tag.key.lowercased()).inserted else {
                throw .invalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
            }
        }
    }

    private static func isTagCharacter(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", " ", "_", ".", ":", "/", "=", "+", "-", "@": return true
            default: return false
            }
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .spaceSeparator, .lineSeparator, .paragraphSeparator:
            return true
        default: return false
        }
    }
}
