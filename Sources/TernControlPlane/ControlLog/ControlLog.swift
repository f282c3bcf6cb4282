/// The rows of the control plane and the home region's log that brings them to every region.
package protocol ControlLog: Sendable {
    /// The value of a row, as this region has it.
    func row(_ key: [UInt8]) async throws(ControlLogError) -> [UInt8]?

    /// Every row whose key begins so, in the order of keys.
    func rows(prefix: [UInt8]) async throws(ControlLogError) -> [ControlRow]

    /// Writes all of these or none, with the change that tells the other regions. Home region only.
    ///
    /// - Parameter requirements: What rows must be for that: `nil` for one that is not there.
    /// - Returns: `false` when a row is not as required.
    func append(_ writes: [ControlWrite], requiring requirements: [ControlRequirement]) async throws(ControlLogError)
        -> Bool
}

package struct ControlRow: Hashable, Sendable {
    package var key: [UInt8]
    package var value: [UInt8]

    package init(key: [UInt8], value: [UInt8]) {
        self.key = key
        self.value = value
    }
}

/// A row as it is to become; without a value it is removed.
package struct ControlWrite: Hashable, Sendable {
    package var key: [UInt8]
    package var value: [UInt8]?

    package init(key: [UInt8], value: [UInt8]?) {
        self.key = key
        self.value = value
    }
}

/// What a row must be for a change to be made.
package struct ControlRequirement: Hashable, Sendable {
    package var key: [UInt8]
    package var value: [UInt8]?

    package init(key: [UInt8], value: [UInt8]?) {
        self.key = key
        self.value = value
    }
}

/// The storage of this region did not do what it was asked; whether a change was made is not known.
package struct ControlLogError: Error, Hashable, Sendable {
    package var message: String

    package init(_ message: String) {
        self.message = message
    }
}
