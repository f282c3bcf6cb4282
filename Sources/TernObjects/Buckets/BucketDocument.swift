import FoundationEssentials
package import TernRecords
package import TernS3Protocol

/// A sub-resource of a bucket that is kept as one document. The raw value is the name of its query parameter.
package enum BucketDocument: String, Sendable, CaseIterable {
    case abac
    case accelerate
    case acl
    case cors
    case encryption
    case lifecycle
    case logging
    case notification
    case objectLock = "object-lock"
    case ownershipControls
    case policy
    /// The unique IDs of users and roles that the policy names; not a sub-resource of its own.
    case policyPrincipals = "policy-principals"
    case publicAccessBlock
    case requestPayment
    case website
}

extension ObjectService {
    /// Stores a document that was found valid, or with `nil` removes it. A new epoch begins, so that every write that was
    /// planned under the old configuration plans again.
    ///
    /// - Parameter check: Looks at the bucket's configuration as of the commit, and throws where the document does not
    ///   go with it.
    @discardableResult
    package func setDocument(
        _ name: BucketDocument,
        _ document: [UInt8]?,
        of bucketName: String,
        check: (BucketRecord) throws(S3Error) -> Void = { _ throws(S3Error) in }
    ) async throws(S3Error) -> BucketState {
        try await self.changeBucket(bucketName) { record throws(S3Error) in
            try check(record)
            record.documents.removeAll { $0.name == name.rawValue }
            guard let document else { return }
            var entry = ConfigurationDocument()
            entry.name = name.rawValue
            entry.document = .init(document)
            record.documents.append(entry)
        }
    }
}
