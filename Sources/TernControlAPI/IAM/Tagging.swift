import TernControlPlane
import TernRecords
import TernS3Protocol

extension IAMOperation {
    /// `TagRole` and its like. Source: AWS IAM API Reference.
    static let tagging: [IAMOperation] =
        Self.tags(of: IAMUserRecord.self, IAMTarget.existing(IAMUserRecord.self)) { call, state throws(IAMError) in
            try state.user(try call.required("UserName"), in: call.accountID)
        }
        + Self.tags(of: IAMRoleRecord.self, IAMTarget.existing(IAMRoleRecord.self)) { call, state throws(IAMError) in
            try state.role(try call.required("RoleName"), in: call.accountID)
        }
        + Self.tags(of: IAMPolicyRecord.self, IAMTarget.policy) { call, state throws(IAMError) in
            try state.taggablePolicy(try call.required("PolicyArn"), in: call.accountID)
        }
        + Self.tags(of: IAMInstanceProfileRecord.self, IAMTarget.existing(IAMInstanceProfileRecord.self)) {
            call, state throws(IAMError) in
            try state.instanceProfile(try call.required("InstanceProfileName"), in: call.accountID)
        }
        + Self.tags(of: IAMOIDCProviderRecord.self, Self.provider) { call, state throws(IAMError) in
            try call.oidcProvider(state)
        }

    private static func tags<Entity: IAMTagged>(
        of type: Entity.Type, _ target: @escaping @Sendable (IAMCall) throws(IAMError) -> IAMTarget,
        _ entity: @escaping @Sendable (IAMCall, IAMState) throws(IAMError) -> Entity
    ) -> [IAMOperation] {
        let title = type.title
        return [
            .change(
                "Tag\(title)",
                { call throws(IAMError) in
                    var found = try target(call)
                    found.addRequestTags(try call.tags())
                    return found
                }
            ) { call throws(IAMError) in
                let tags = try call.tags()
                try await call.change { state throws(IAMError) in try state.tag(try entity(call, state), tags) }
                return nil
            },
            .change(
                "Untag\(title)",
                { call throws(IAMError) in
                    var found = try target(call)
                    found.conditions["aws:TagKeys"] = call.parameters.list("TagKeys")
                    return found
                }
            ) { call throws(IAMError) in
                let keys = call.parameters.list("TagKeys")
                try await call.change { state throws(IAMError) in try state.untag(try entity(call, state), keys) }
                return nil
            },
            .read("List\(title)Tags", target) { call throws(IAMError) in
                let page = try IAMPage(try entity(call, call.state).tags, call) { $0.key.lowercased() }
                return { xml in
                    page.write("Tags", &xml) { xml, tag in
                        xml.element("Key", tag.key)
                        xml.element("Value", tag.value)
                    }
                }
            },
        ]
    }
}
