import TernControlPlane
import TernRecords

extension IAMOperation {
    /// Permissions boundaries of users and roles. Source: AWS IAM API Reference.
    static let boundaries: [IAMOperation] =
        Self.boundaries(of: IAMUserRecord.self) + Self.boundaries(of: IAMRoleRecord.self)

    private static func boundaries<Holder: IAMBounded>(of type: Holder.Type) -> [IAMOperation] {
        let target = IAMTarget.existing(type)
        return [
            .change(
                "Put\(type.title)PermissionsBoundary",
                { call throws(IAMError) in
                    var found = try target(call)
                    found.conditions["iam:PermissionsBoundary"] = [try call.required("PermissionsBoundary")]
                    return found
                }
            ) { call throws(IAMError) in
                let name = try call.required(type.nameParameter)
                let arn = try call.required("PermissionsBoundary")
                try await call.change { state throws(IAMError) in
                    try state.setBoundary(arn, of: name, type, in: call.accountID)
                }
                return nil
            },
            .change("Delete\(type.title)PermissionsBoundary", target) { call throws(IAMError) in
                let name = try call.required(type.nameParameter)
                try await call.change { state throws(IAMError) in
                    try state.setBoundary(nil, of: name, type, in: call.accountID)
                }
                return nil
            },
        ]
    }
}
