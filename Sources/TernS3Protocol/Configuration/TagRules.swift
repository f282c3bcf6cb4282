package import TernCore

/// What tags of clients must obey (spec rules TAG-1 to TAG-3, TAG-7).
package enum TagRules {
    /// What carries the tags; it decides the number and the text for `aws:`.
    package enum Subject: Hashable, Sendable {
        case object
        case bucket
        /// The tags of a CreateBucket request.
        case newBucket
        /// The tags that S3 Control gives a resource, which has its own texts (identity-and-control §9.4).
        case resource
    }

    /// - Throws: The first fault: number of tags, then tag by tag key, value, reserved prefix and repetition.
    package static func check(_ tags: [Tag], of subject: Subject) throws(S3Error) {
        if subject == .object, tags.count > S3Limits.objectTags { throw .tooManyObjectTags }
        if subject != .object, tags.count > S3Limits.bucketTags { throw .tooManyBucketTags }
        var seen: Set<[UInt8]> = []
        for tag in tags {
            if !(1...128).contains(tag.key.unicodeScalars.count) || !self.isAllowed(tag.key) {
                throw subject == .resource ? .invalidResourceTag : .invalidTagKey(tag.key)
            }
            if tag.value.unicodeScalars.count > 256 || !self.isAllowed(tag.value) {
                throw subject == .resource ? .invalidResourceTag : .invalidTagValue(key: tag.key, value: tag.value)
            }
            if tag.key.hasPrefix("aws:") {
                switch subject {
                case .object: throw .systemTagOnObject(tag.key)
                case .bucket: throw .systemTagOnBucket(tag.key)
                case .newBucket, .resource: throw .systemTagAtBucketCreation
                }
            }
            // Bytes, because Swift takes canonically equivalent strings for equal and S3 does not.
            if !seen.insert(Array(tag.key.utf8)).inserted {
                switch subject {
                case .newBucket, .resource: throw .duplicateTagAtBucketCreation
                case .object, .bucket: throw .duplicateTagKey(tag.key)
                }
            }
        }
    }

    /// Letters, digits and blanks of any script, and `+ - = . _ : / @`.
    private static func isAllowed(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            if scalar.isASCII { return self.isAllowedASCII(UInt8(truncatingIfNeeded: scalar.value)) }
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
                .decimalNumber, .letterNumber, .otherNumber,
                .spaceSeparator, .lineSeparator, .paragraphSeparator:
                return true
            default:
                return false
            }
        }
    }

    private static func isAllowedASCII(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            " +-=._:/@".utf8.contains(byte)
        }
    }
}
