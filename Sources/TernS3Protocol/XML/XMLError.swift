/// Why bytes are not a document that Tern reads.
package struct XMLError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// There is no element.
        case empty
        case tooLarge
        case tooDeep
        case tooManyNodes
        case notUTF8
        /// A document type declaration, which could define entities.
        case doctype
        /// A processing instruction other than the XML declaration.
        case processingInstruction
        /// An entity other than the five of XML itself.
        case undefinedEntity
        /// A reference to, or occurrence of, a character that XML does not allow.
        case forbiddenCharacter
        case malformed
    }

    package var code: Code
    /// The byte at which reading stopped.
    package var offset: Int

    package init(_ code: Code, offset: Int) {
        self.code = code
        self.offset = offset
    }
}
