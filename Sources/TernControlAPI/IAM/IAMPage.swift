import TernControlPlane
import TernCore
import TernS3Protocol

/// A page of a list (IAM-5).
struct IAMPage<Item> {
    var items: [Item]
    /// Where the next one begins.
    var marker: String?

    /// - Parameter key: What the items are sorted by; each has its own.
    init(_ all: [Item], _ call: IAMCall, key: (Item) -> String) throws(IAMError) {
        let limit = try call.integer("MaxItems") ?? 100
        if limit < 1 {
            throw .constraint("\(limit)", "maxItems", "Member must have value greater than or equal to 1")
        }
        if limit > 1000 {
            throw .constraint("\(limit)", "maxItems", "Member must have value less than or equal to 1000")
        }
        var keyed = all.map { (key: key($0), item: $0) }.sorted { $0.key < $1.key }
        if let marker = call.optional("Marker") {
            guard let bytes = [UInt8](hex: marker.utf8), let last = String(validating: bytes, as: UTF8.self) else {
                throw .validation("Invalid Marker.")
            }
            keyed.removeAll { $0.key <= last }
        }
        self.items = keyed.prefix(limit).map(\.item)
        if keyed.count > limit { self.marker = Array(keyed[limit - 1].key.utf8).lowercaseHex }
    }

    func writeEnd(_ xml: inout XMLWriter) {
        xml.element("IsTruncated", self.marker != nil)
        xml.element("Marker", ifPresent: self.marker)
    }

    /// `<name><member>…</member></name>` and the end of the page.
    func write(_ name: StaticString, _ xml: inout XMLWriter, _ member: (inout XMLWriter, Item) -> Void) {
        xml.list(name, self.items, member)
        self.writeEnd(&xml)
    }
}
