/// Below which size objects are not transitioned: `x-amz-transition-default-minimum-object-size` (LC-4).
package enum TransitionMinimumSize: String, Hashable, Sendable, CaseIterable {
    case allStorageClasses128K = "all_storage_classes_128K"
    case variesByStorageClass = "varies_by_storage_class"

    package static let byteCount: Int64 = 128 * 1024

    package static let headerName = "x-amz-transition-default-minimum-object-size"

    /// Reads the header; the default where there is none.
    package init(header: String?) throws(LifecycleProblem) {
        guard let header else {
            self = .allStorageClasses128K
            return
        }
        guard let value = Self(rawValue: header) else { throw .invalidMinimumSize(header) }
        self = value
    }
}

/// A bucket's lifecycle configuration that was found valid.
package struct LifecycleConfiguration: Hashable, Sendable {
    /// In the order of the document.
    package var rules: [LifecycleRule]
    package var minimumSize: TransitionMinimumSize

    package init(rules: [LifecycleRule], minimumSize: TransitionMinimumSize = .allStorageClasses128K) {
        self.rules = rules
        self.minimumSize = minimumSize
    }

    package static let maximumRuleCount = 1000
    package static let maximumIDByteCount = 255

    /// Whether any enabled rule asks for something.
    package var isActive: Bool { self.rules.contains(where: \.isEnabled) }
}
