/// Which versions a rule admits that it would otherwise leave out.
///
/// An element that the document left out is `nil`, which selects as `false` does (spec rules C-14, L-06, L-70).
///
/// Source: Amazon S3 API Reference, SourceSelectionCriteria.
package struct SourceSelectionCriteria: Hashable, Sendable {
    /// Whether versions under SSE-KMS or DSSE-KMS replicate (L-06, L-07).
    package var sseKmsEncryptedObjects: Bool?
    /// Whether metadata changes that users make to replicas replicate (L-71).
    package var replicaModifications: Bool?

    package init(sseKmsEncryptedObjects: Bool? = nil, replicaModifications: Bool? = nil) {
        self.sseKmsEncryptedObjects = sseKmsEncryptedObjects
        self.replicaModifications = replicaModifications
    }
}
