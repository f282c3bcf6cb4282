package import TernCore
package import TernRecords

/// What a listing is asked for, in bytes: keys are not text.
package struct ListQuery: Sendable {
    package var prefix: [UInt8] = []
    /// Empty: none.
    package var delimiter: [UInt8] = []
    /// Entries and common prefixes on one page.
    package var limit: Int = 1000

    package init() {}

    /// The common prefix that a key rolls up into, or `nil` (spec rule LST-1).
    package func commonPrefix(of key: [UInt8]) -> [UInt8]? {
        guard !self.delimiter.isEmpty, key.count > self.prefix.count else { return nil }
        if self.delimiter.count == 1 {
            guard let found = key[self.prefix.count...].firstIndex(of: self.delimiter[0]) else { return nil }
            return Array(key[...found])
        }
        var start = self.prefix.count
        while start + self.delimiter.count <= key.count {
            if key[start..<start + self.delimiter.count].elementsEqual(self.delimiter) {
                return Array(key[..<(start + self.delimiter.count)])
            }
            start += 1
        }
        return nil
    }
}

/// One line of a listing.
package enum ListEntry<Item: Sendable>: Sendable {
    case item(Item)
    case commonPrefix([UInt8])
}

/// One page of a listing.
package struct ListPage<Item: Sendable>: Sendable {
    package var entries: [ListEntry<Item>] = []
    package var isTruncated = false

    package init() {}
}

/// A version in a listing.
package struct ListedVersion: Sendable {
    package var key: ObjectKey
    package var record: VersionRecord
    package var isLatest: Bool
}
