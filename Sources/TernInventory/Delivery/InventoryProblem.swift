/// Why an inventory delivers nothing.
package struct InventoryProblem: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// There is no bucket of the name here.
        case noBucket
        /// It cannot begin: there is no such configuration, none of its format is delivered, or it runs already.
        case refused
        /// It broke off, or its destination refuses it.
        case failed
    }

    package var kind: Kind
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}
