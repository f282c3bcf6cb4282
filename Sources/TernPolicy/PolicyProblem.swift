/// Why a text is no policy. The one who stores the policy answers `MalformedPolicy` or `MalformedPolicyDocument` with it.
package enum PolicyProblem: Error, Hashable, Sendable {
    case tooLarge(limit: Int)
    case tooDeep(limit: Int)
    case notJSON
    /// POL-2: a key of JSON that is there twice.
    case duplicateKey(String)
    /// POL-2: an element that is not known, or not in policies of this kind.
    case unexpectedElement(String)
    case missingElement(String)
    /// Two elements that exclude each other, such as `Action` and `NotAction`.
    case conflictingElements(String, String)
    /// An element whose value has a wrong type or a text that is not allowed.
    case invalidValue(element: String, value: String)
    case duplicateStatementID(String)
    /// POL-12.
    case unknownOperator(String)
}
