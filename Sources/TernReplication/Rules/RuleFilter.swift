package import TernCore

/// Which versions a V2 rule selects, in the form in which the document said it.
///
/// Source: Amazon S3 API Reference, ReplicationRuleFilter; spec rules C-14 and C-50.
package enum RuleFilter: Hashable, Sendable {
    /// The empty `Filter`: every object.
    case all
    case prefix(String)
    case tag(Tag)
    /// At least two predicates in all.
    case and(prefix: String?, tags: [Tag])

    /// The prefix that keys must have; empty if any will do.
    package var prefix: String {
        switch self {
        case .all, .tag: ""
        case .prefix(let prefix): prefix
        case .and(let prefix, _): prefix ?? ""
        }
    }

    /// The tags that a version must have.
    package var tags: [Tag] {
        switch self {
        case .all, .prefix: []
        case .tag(let tag): [tag]
        case .and(_, let tags): tags
        }
    }

    /// Whether the key begins with the prefix, byte for byte; `/` and `*` mean nothing (C-50).
    package func admits(key: ObjectKey) -> Bool {
        key.bytes.starts(with: self.prefix.utf8)
    }

    /// Whether `tags` has every tag of the filter, with exactly its key and value; more tags are fine (C-50).
    package func admits(tags: [Tag]) -> Bool {
        self.tags.allSatisfy { wanted in tags.contains { $0.isIdentical(to: wanted) } }
    }
}

extension Tag {
    /// Whether both tags are the same bytes. `==` is not enough: Swift takes canonically equivalent strings for equal,
    /// S3 does not.
    package func isIdentical(to other: Tag) -> Bool {
        self.key.utf8.elementsEqual(other.key.utf8) && self.value.utf8.elementsEqual(other.value.utf8)
    }
}
