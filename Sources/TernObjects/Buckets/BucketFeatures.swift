package import TernPolicy
import TernRecords
package import TernS3Protocol

/// What a bucket's documents switch on for each of its requests, read once for each epoch. All is off in most buckets.
package struct BucketFeatures: Sendable {
    package var cors: CORSConfiguration?
    /// Whether whoever asks pays, and must say so (spec s3-api §12.7).
    package var isRequesterPays = false
    /// Where records of its requests go.
    package var logging: LoggingConfiguration?
    /// How new objects are encrypted of which nothing is said; `nil` where nobody has set it.
    package var encryption: BucketEncryption?

    /// The bucket's policy, ready for decisions.
    package var policy: CompiledPolicy?
    /// Whether the policy is public in the sense of Block Public Access.
    package var isPolicyPublic = false

    /// What its events go to; `nil` where nobody wants any.
    package var notifications: NotificationRules?

    package init() {}

    init(_ record: BucketRecord) throws(S3Error) {
        for entry in record.documents {
            switch BucketDocument(rawValue: entry.name) {
            case .cors: self.cors = try CORSConfiguration(stored: Array(entry.document))
            case .requestPayment:
                self.isRequesterPays = try SmallConfigurationXML.isRequesterPays(Array(entry.document))
            case .logging: self.logging = try LoggingConfiguration(stored: Array(entry.document))
            case .policy:
                let bindings = record.documents.first { $0.name == BucketDocument.policyPrincipals.rawValue }
                let policy = try CompiledPolicy(
                    stored: Array(entry.document),
                    bindings: PolicyBindings.decode(bindings.map { Array($0.document) } ?? [])
                )
                self.policy = policy
                self.isPolicyPublic = policy.document.isPublic
            case .encryption: self.encryption = try BucketEncryption(stored: Array(entry.document))
            case .notification:
                self.notifications = try NotificationConfigurationXML.rules(stored: Array(entry.document))
            default: break
            }
        }
    }
}
