import TernControlPlane
import TernCore
import TernRecords
import TernS3Protocol

// How entities stand in answers.

extension XMLWriter {
    /// A list with its members; `<name/>` when there are none.
    mutating func list<Item>(_ name: StaticString, _ items: [Item], _ member: (inout XMLWriter, Item) -> Void) {
        guard !items.isEmpty else {
            self.empty(name)
            return
        }
        self.open(name)
        for item in items {
            self.open("member")
            member(&self, item)
            self.close("member")
        }
        self.close(name)
    }

    mutating func texts(_ name: StaticString, _ texts: [String]) {
        self.list(name, texts) { $0.text($1) }
    }

    /// `2026-01-31T12:00:00Z` (IAM-5).
    mutating func time(_ name: StaticString, _ milliseconds: Int64) {
        self.element(name, "\(Timestamp(milliseconds: milliseconds).iso8601.prefix(19))Z")
    }

    /// A policy document, URL-encoded as RFC 3986 has it (IAM-4).
    mutating func document(_ name: StaticString, _ document: String) {
        self.element(name, PercentEncoding.encode(document.utf8, keepingSlash: false))
    }

    mutating func tags(_ tags: [TagPair], always: Bool = false) {
        guard always || !tags.isEmpty else { return }
        self.list("Tags", tags) { xml, tag in
            xml.element("Key", tag.key)
            xml.element("Value", tag.value)
        }
    }

    mutating func boundary(_ arn: String) {
        guard !arn.isEmpty else { return }
        self.open("PermissionsBoundary")
        self.element("PermissionsBoundaryType", "Policy")
        self.element("PermissionsBoundaryArn", arn)
        self.close("PermissionsBoundary")
    }

    /// Path, name, ID, ARN and time, as all entities have them.
    mutating func identity<Entity: IAMEntity>(_ entity: Entity) {
        self.element("Path", entity.path)
        self.element(dynamic: Entity.title + "Name", entity.name)
        self.element(dynamic: Entity.title + "Id", entity.id)
        self.element("Arn", entity.arn)
        self.time("CreateDate", entity.createdMs)
    }

    /// - Parameter isWhole: With what lists leave out.
    mutating func user(_ user: IAMUserRecord, isWhole: Bool) {
        self.identity(user)
        guard isWhole else { return }
        self.boundary(user.boundary)
        self.tags(user.tags)
    }

    mutating func policy(_ policy: IAMPolicyRecord, _ usage: IAMPolicyUsage) {
        self.element("PolicyName", policy.name)
        self.element("PolicyId", policy.id)
        self.element("Arn", policy.arn)
        self.element("Path", policy.path)
        self.element("DefaultVersionId", "v\(policy.defaultVersion)")
        self.element("AttachmentCount", usage.attachments)
        self.element("PermissionsBoundaryUsageCount", usage.boundaries)
        self.element("IsAttachable", true)
        self.time("CreateDate", policy.createdMs)
        self.time("UpdateDate", policy.updatedMs)
    }

    mutating func version(_ version: IAMPolicyVersion, of policy: IAMPolicyRecord, withDocument: Bool) {
        if withDocument { self.document("Document", version.document) }
        self.element("VersionId", "v\(version.number)")
        self.element("IsDefaultVersion", version.number == policy.defaultVersion)
        self.time("CreateDate", version.createdMs)
    }

    mutating func attachedPolicies(_ name: StaticString, _ arns: [String]) {
        self.list(name, arns) { $0.attachedPolicy($1) }
    }

    mutating func attachedPolicy(_ arn: String) {
        self.element("PolicyName", IAMARN(arn)?.name ?? arn)
        self.element("PolicyArn", arn)
    }
}
