/// The XML of the four ACL operations (spec rules ACL-5, ACL-8).
package struct AccessControlPolicyXML: Hashable, Sendable {
    /// The canonical ID of the owner.
    package var owner: String
    package var list: AccessControlList

    package init(owner: String, list: AccessControlList) {
        self.owner = owner
        self.list = list
    }

    /// Reads `AccessControlPolicy{Owner{ID}, AccessControlList{Grant{Grantee, Permission}}}`. Accounts are not known to
    /// exist yet.
    ///
    /// - Throws: `MalformedACLError`, `MalformedXML`, `InvalidArgument` for a group that there is not;
    ///   `MethodNotAllowed` for an email address.
    package init(decoding bytes: [UInt8], for subject: CannedACL.Subject, method: String) throws(S3Error) {
        let root = try RequestDocument.parse(bytes, root: "AccessControlPolicy")
        guard let owner = try root["Owner"]?.leafText(of: "ID"), !owner.isEmpty else { throw .malformedACL }
        guard let list = root["AccessControlList"] else { throw .malformedACL }
        var grants: [AccessGrant] = []
        for node in list.children {
            guard node.name == "Grant", let grantee = node["Grantee"],
                let text = try node.leafText(of: "Permission"), let permission = AccessPermission(rawValue: text)
            else { throw .malformedACL }
            let resource: S3Error.ResourceType = subject == .bucket ? .bucket : .object
            grants.append(AccessGrant(try Self.grantee(grantee, resource: resource, method: method), permission))
        }
        if grants.count > AccessControlList.maximumGrants { throw .malformedACL }
        self.init(owner: owner, list: AccessControlList(grants))
    }

    /// Who a `Grantee` element names.
    ///
    /// - Throws: `MalformedACLError`, `InvalidArgument` for a group that there is not; `MethodNotAllowed` for an email
    ///   address.
    static func grantee(
        _ node: XMLNode, resource: S3Error.ResourceType, method: String
    ) throws(S3Error) -> Grantee {
        switch node.attribute("type") {
        case "CanonicalUser":
            guard let id = try node.leafText(of: "ID"), !id.isEmpty else { throw .malformedACL }
            return .account(id)
        case "Group":
            guard let uri = try node.leafText(of: "URI") else { throw .malformedACL }
            guard let group = AccessGroup(rawValue: uri) else { throw .invalidGroupURI(uri, argument: "Group/URI") }
            return .group(group)
        case "AmazonCustomerByEmail":
            throw .methodNotAllowed(method, on: resource)
        default:
            throw .malformedACL
        }
    }

    package func encode() -> [UInt8] {
        var writer = XMLWriter(capacity: 256 + self.list.grants.count * 256)
        writer.openRoot("AccessControlPolicy")
        writer.open("Owner")
        writer.element("ID", self.owner)
        writer.close("Owner")
        writer.open("AccessControlList")
        for grant in self.list.grants { writer.grant(grant) }
        writer.close("AccessControlList")
        writer.close("AccessControlPolicy")
        return writer.finish()
    }
}

extension XMLWriter {
    /// Writes a `Grant` element.
    mutating func grant(_ grant: AccessGrant) {
        self.open("Grant")
        switch grant.grantee {
        case .account(let id):
            self.open(
                "Grantee",
                attributes:
                    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"")
            self.element("ID", id)
        case .group(let group):
            self.open(
                "Grantee",
                attributes: "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"Group\"")
            self.element("URI", group.rawValue)
        }
        self.close("Grantee")
        self.element("Permission", grant.permission.rawValue)
        self.close("Grant")
    }
}
