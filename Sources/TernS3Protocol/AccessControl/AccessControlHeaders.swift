package import TernCore

/// What the headers of a request say about an ACL (spec rules ACL-6, ACL-7, ACL-8).
package enum AccessControlHeaders: Hashable, Sendable {
    case canned(CannedACL)
    /// Accounts among the grantees are not known to exist yet.
    case grants([AccessGrant])

    private static let grantPrefix = "x-amz-grant-"
    private static let permissions: [(header: String, permission: AccessPermission)] = [
        ("x-amz-grant-full-control", .fullControl), ("x-amz-grant-read", .read),
        ("x-amz-grant-read-acp", .readACP), ("x-amz-grant-write", .write), ("x-amz-grant-write-acp", .writeACP),
    ]

    /// `nil` for a request without such headers.
    ///
    /// - Throws: `InvalidArgument`; `InvalidRequest` for both kinds at once; `MethodNotAllowed` for an email address.
    package init?(_ headers: HeaderFields, for subject: CannedACL.Subject, method: String) throws(S3Error) {
        let canned = headers["x-amz-acl"]
        let hasGrants = headers.fields.contains { $0.name.hasPrefix(Self.grantPrefix) }
        guard let canned else {
            guard hasGrants else { return nil }
            let grants = try Self.grants(in: headers, for: subject, method: method)
            if grants.count > AccessControlList.maximumGrants { throw .malformedACL }
            self = .grants(grants)
            return
        }
        if hasGrants { throw .cannedACLWithGrants }
        self = .canned(try CannedACL(canned, for: subject))
    }

    private static func grants(
        in headers: HeaderFields, for subject: CannedACL.Subject, method: String
    ) throws(S3Error) -> [AccessGrant] {
        var grants: [AccessGrant] = []
        for (header, permission) in self.permissions {
            for value in headers.values(header) {
                for item in value.split(separator: ",", omittingEmptySubsequences: true) {
                    let grantee = try self.grantee(
                        item, header: header, value: value, resource: subject == .bucket ? .bucket : .object,
                        method: method)
                    grants.append(AccessGrant(grantee, permission))
                }
            }
        }
        return grants
    }

    /// Reads `id="…"` or `uri="…"`, also without quotes.
    private static func grantee(
        _ item: Substring, header: String, value: String, resource: S3Error.ResourceType, method: String
    ) throws(S3Error) -> Grantee {
        guard let equals = item.firstIndex(of: "=") else { throw .grantNotRecognized(header: header, value: value) }
        let name = item[..<equals].trimmingBlanks
        var text = item[item.index(after: equals)...].trimmingBlanks
        if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
        switch name.lowercased() {
        case "id":
            return .account(String(text))
        case "uri":
            guard let group = AccessGroup(rawValue: String(text)) else {
                throw .invalidGroupURI(String(text), argument: "uri")
            }
            return .group(group)
        case "emailaddress":
            throw .methodNotAllowed(method, on: resource)
        default:
            throw .grantNotRecognized(header: header, value: value)
        }
    }
}
