package import TernCore

/// Which versions a rule selects, in the form in which the document said it.
///
/// Source: Amazon S3 API Reference, LifecycleRuleFilter; spec s3-api §11.3.
package struct LifecycleFilter: Hashable, Sendable {
    /// `nil` where the document has no `Prefix`, which is not the same document as an empty one.
    package var prefix: String?
    package var tags: [Tag]
    /// `ObjectSizeGreaterThan`, in bytes.
    package var sizeGreaterThan: Int64?
    /// `ObjectSizeLessThan`, in bytes.
    package var sizeLessThan: Int64?
    /// Whether the predicates stand in an `And`.
    package var isConjunction: Bool

    package init(
        prefix: String? = nil,
        tags: [Tag] = [],
        sizeGreaterThan: Int64? = nil,
        sizeLessThan: Int64? = nil,
        isConjunction: Bool = false
    ) {
        self.prefix = prefix
        self.tags = tags
        self.sizeGreaterThan = sizeGreaterThan
        self.sizeLessThan = sizeLessThan
        self.isConjunction = isConjunction
    }

    /// How many predicates there are.
    package var predicateCount: Int {
        (self.prefix == nil ? 0 : 1) + self.tags.count + (self.sizeGreaterThan == nil ? 0 : 1)
            + (self.sizeLessThan == nil ? 0 : 1)
    }

    package var hasSize: Bool { self.sizeGreaterThan != nil || self.sizeLessThan != nil }

    /// Whether the key begins with the prefix, byte for byte.
    package func admits(key: ObjectKey) -> Bool {
        guard let prefix else { return true }
        return key.bytes.starts(with: prefix.utf8)
    }

    /// Whether `tags` has every tag of the filter, the same bytes in key and value.
    package func admits(tags: [Tag]) -> Bool {
        self.tags.allSatisfy { wanted in
            tags.contains { tag in
                tag.key.utf8.elementsEqual(wanted.key.utf8) && tag.value.utf8.elementsEqual(wanted.value.utf8)
            }
        }
    }

    /// Both bounds are strict (LC-4).
    package func admits(byteCount: Int64) -> Bool {
        if let bound = self.sizeGreaterThan, byteCount <= bound { return false }
        if let bound = self.sizeLessThan, byteCount >= bound { return false }
        return true
    }
}
