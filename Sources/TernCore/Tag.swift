/// One tag of an object or bucket. Keys are unique in a set and case-sensitive.
///
/// Source: Amazon S3 User Guide, "Categorizing your storage using tags"; spec §9.1.
package struct Tag: Hashable, Sendable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}
