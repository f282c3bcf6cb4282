import TernControlPlane
import TernRecords
import TernS3Protocol

extension IAMOperation {
    /// Inline and attached policies of users, groups and roles: `PutRolePolicy` and its like.
    ///
    /// Source: AWS IAM API Reference.
    static let holderPolicies: [IAMOperation] =
        Self.policies(of: IAMUserRecord.self) + Self.policies(of: IAMGroupRecord.self)
        + Self.policies(of: IAMRoleRecord.self)

    private static func policies<Holder: IAMPolicyHolder>(of type: Holder.Type) -> [IAMOperation] {
        let title = type.title
        let target = IAMTarget.existing(type)
        /// With the policy that is attached or detached.
        let attachment: @Sendable (IAMCall) throws(IAMError) -> IAMTarget = { call throws(IAMError) in
            var found = try target(call)
            found.conditions["iam:PolicyARN"] = [try call.required("PolicyArn")]
            return found
        }
        return [
            .change("Put\(title)Policy", target) { call throws(IAMError) in
                let holder = try call.required(type.nameParameter)
                let name = try call.required("PolicyName")
                let document = try call.required("PolicyDocument")
                try await call.change { state throws(IAMError) in
                    try state.putPolicy(name, document: document, of: holder, type, in: call.accountID)
                }
                return nil
            },
            .read("Get\(title)Policy", target) { call throws(IAMError) in
                let holder = try call.state.holder(
                    type, try call.required(type.nameParameter), in: call.accountID)
                let policy = try call.state.inlinePolicy(try call.required("PolicyName"), of: holder)
                return { xml in
                    xml.element(dynamic: type.nameParameter, holder.name)
                    xml.element("PolicyName", policy.name)
                    xml.document("PolicyDocument", policy.document)
                }
            },
            .change("Delete\(title)Policy", target) { call throws(IAMError) in
                let holder = try call.required(type.nameParameter)
                let name = try call.required("PolicyName")
                try await call.change { state throws(IAMError) in
                    try state.deletePolicy(name, of: holder, type, in: call.accountID)
                }
                return nil
            },
            .read("List\(title)Policies", target) { call throws(IAMError) in
                let holder = try call.state.holder(
                    type, try call.required(type.nameParameter), in: call.accountID)
                let page = try IAMPage(holder.inlinePolicies.map(\.name), call) { $0 }
                return { xml in page.write("PolicyNames", &xml) { $0.text($1) } }
            },
            .change("Attach\(title)Policy", attachment) { call throws(IAMError) in
                let holder = try call.required(type.nameParameter)
                let arn = try call.required("PolicyArn")
                try await call.change { state throws(IAMError) in
                    try state.attachPolicy(arn, to: holder, type, in: call.accountID)
                }
                return nil
            },
            .change("Detach\(title)Policy", attachment) { call throws(IAMError) in
                let holder = try call.required(type.nameParameter)
                let arn = try call.required("PolicyArn")
                try await call.change { state throws(IAMError) in
                    try state.detachPolicy(arn, from: holder, type, in: call.accountID)
                }
                return nil
            },
            .read("ListAttached\(title)Policies", target) { call throws(IAMError) in
                let holder = try call.state.holder(
                    type, try call.required(type.nameParameter), in: call.accountID)
                let prefix = try call.pathPrefix()
                let arns = holder.attachedPolicies.filter { IAMARN($0)?.path.hasPrefix(prefix) == true }
                let page = try IAMPage(arns, call) { $0 }
                return { xml in page.write("AttachedPolicies", &xml) { $0.attachedPolicy($1) } }
            },
        ]
    }
}
