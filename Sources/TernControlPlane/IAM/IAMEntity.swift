package import SwiftProtobuf
package import TernRecords

/// What users, groups, roles and managed policies have in common.
package protocol IAMEntity: SwiftProtobuf.Message, Sendable {
    /// In the key of the entity's row.
    static var letter: UInt8 { get }
    /// As ARNs and messages call it: `user`.
    static var kind: String { get }
    /// The first four letters of its unique IDs (ACC-5).
    static var idPrefix: String { get }
    /// As operations and members of answers call it: `User`.
    static var title: String { get }

    /// Never used again.
    var id: String { get set }
    var account: String { get set }
    /// As it was written: unique without regard to case (IAM-20).
    var name: String { get set }
    var path: String { get set }
    var createdMs: Int64 { get set }
}

extension IAMEntity {
    /// ACC-6.
    package var arn: String { "arn:aws:iam::\(self.account):\(Self.kind)\(self.path)\(self.name)" }

    package static var title: String { self.kind.prefix(1).uppercased() + self.kind.dropFirst() }
}

/// What policies are attached to.
package protocol IAMPolicyHolder: IAMEntity {
    var inlinePolicies: [IAMInlinePolicy] { get set }
    var attachedPolicies: [String] { get set }
    /// Bytes of all inline policies, white space left out (IAM-22).
    static var inlinePolicyLimit: Int { get }
}

package protocol IAMTagged: IAMEntity {
    var tags: [TagPair] { get set }
}

package protocol IAMBounded: IAMPolicyHolder {
    /// Empty for none.
    var boundary: String { get set }
}

extension IAMUserRecord: IAMBounded, IAMTagged {
    package static var letter: UInt8 { UInt8(ascii: "u") }
    package static var kind: String { "user" }
    package static var idPrefix: String { "AIDA" }
    package static var inlinePolicyLimit: Int { 2048 }
}

extension IAMGroupRecord: IAMPolicyHolder {
    package static var letter: UInt8 { UInt8(ascii: "g") }
    package static var kind: String { "group" }
    package static var idPrefix: String { "AGPA" }
    package static var inlinePolicyLimit: Int { 5120 }
}

extension IAMRoleRecord: IAMBounded, IAMTagged {
    package static var letter: UInt8 { UInt8(ascii: "r") }
    package static var kind: String { "role" }
    package static var idPrefix: String { "AROA" }
    package static var inlinePolicyLimit: Int { 10240 }
}

extension IAMInstanceProfileRecord: IAMTagged {
    package static var letter: UInt8 { UInt8(ascii: "i") }
    package static var kind: String { "instance-profile" }
    package static var idPrefix: String { "AIPA" }
    package static var title: String { "InstanceProfile" }
}

extension IAMOIDCProviderRecord: IAMTagged {
    package static var letter: UInt8 { UInt8(ascii: "o") }
    package static var kind: String { "oidc-provider" }
    /// Nobody sees these.
    package static var idPrefix: String { "OIDC" }
    package static var title: String { "OpenIDConnectProvider" }
}

extension IAMPolicyRecord: IAMTagged {
    package static var letter: UInt8 { UInt8(ascii: "p") }
    package static var kind: String { "policy" }
    package static var idPrefix: String { "ANPA" }

    package func version(_ number: UInt32) -> IAMPolicyVersion? { self.versions.first { $0.number == number } }

    /// The document that counts.
    package var document: String { self.version(self.defaultVersion)?.document ?? "" }
}
