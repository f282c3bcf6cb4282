/// What went wrong in a storage engine.
package struct StorageError: Error, Sendable {
    package enum Code: String, Sendable {
        /// A precondition of the batch did not hold; nothing changed. Read again and decide anew.
        case conflict
        /// The blob does not exist.
        case notFound
        /// The disk or quota is full. Reads go on.
        case noSpace
        /// The operating system refused access to a file.
        case permissionDenied
        /// A checksum does not match, or a file cannot be understood: the data on disk is not what was written.
        case damaged
        /// Another process has the directory open.
        case locked
        /// The store was closed.
        case closed
        /// The view was closed, or the engine had to give its moment up. Begin again with another view.
        case viewGone
        /// The engine has no such thing.
        case unsupported
        /// Any other failure of the device or library.
        case io
    }

    /// Callers decide on this and on nothing else.
    package var code: Code
    /// What happened, to which file or key; for people.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension StorageError: CustomStringConvertible {
    package var description: String { "\(self.code.rawValue): \(self.message)" }
}
