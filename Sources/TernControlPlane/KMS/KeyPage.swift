import TernCore
import TernPorts

/// A page of a listing.
package struct KeyPage<Item: Sendable>: Sendable {
    package var items: [Item]
    /// Where the next page begins; `nil` behind the last one.
    package var nextMarker: String?

    /// - Parameters:
    ///   - all: In ascending order of `name`, which is unique.
    ///   - marker: As a page before had it.
    init(_ all: [Item], limit: Int, marker: String?, name: (Item) -> String) throws(KeyServiceError) {
        var rest = all[...]
        if let marker {
            guard let decoded = Base64.decode(marker), let last = String(validating: decoded, as: UTF8.self) else {
                throw .invalidMarker
            }
            rest = rest.drop { name($0) <= last }
        }
        self.items = Array(rest.prefix(limit))
        self.nextMarker = nil
        if rest.count > limit, let last = self.items.last {
            self.nextMarker = Base64.encode(Array(name(last).utf8))
        }
    }
}

/// Which page is wanted.
package struct KeyPageRequest: Sendable {
    package var limit: Int
    package var marker: String?

    package init(limit: Int, marker: String?) {
        self.limit = limit
        self.marker = marker
    }
}
