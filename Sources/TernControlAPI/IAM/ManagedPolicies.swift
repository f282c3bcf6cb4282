import TernControlPlane
import TernRecords
import TernS3Protocol

extension IAMOperation {
    /// Source: AWS IAM API Reference; IAM-22, IAM-23.
    static let managedPolicies: [IAMOperation] = [
        .change("CreatePolicy", IAMTarget.new(IAMPolicyRecord.self)) { call throws(IAMError) in
            var policy = IAMPolicyRecord()
            policy.id = call.catalog.makeID(IAMPolicyRecord.idPrefix)
            policy.account = call.accountID
            policy.name = try call.required("PolicyName")
            policy.path = call.optional("Path") ?? "/"
            policy.createdMs = call.now
            policy.updatedMs = call.now
            policy.description_p = call.optional("Description") ?? ""
            policy.tags = try call.tags()
            let wanted = policy
            let document = try call.required("PolicyDocument")
            let made = try await call.change { state throws(IAMError) in
                try state.createPolicy(wanted, document: document)
            }
            return { xml in
                xml.open("Policy")
                xml.policy(made, IAMPolicyUsage())
                xml.tags(made.tags)
                xml.close("Policy")
            }
        },
        .read("GetPolicy", IAMTarget.policy) { call throws(IAMError) in
            let policy = try call.state.policy(try call.required("PolicyArn"), in: call.accountID)
            let usage = call.state.policyUsage(in: call.accountID)[policy.arn] ?? IAMPolicyUsage()
            return { xml in
                xml.open("Policy")
                xml.policy(policy, usage)
                if !policy.description_p.isEmpty { xml.element("Description", policy.description_p) }
                xml.tags(policy.tags, always: true)
                xml.close("Policy")
            }
        },
        .read("ListPolicies", IAMTarget.list(IAMPolicyRecord.self)) { call throws(IAMError) in
            let scope = try call.choice("Scope", ["All", "AWS", "Local"]) ?? "All"
            let filter = try call.choice("PolicyUsageFilter", ["PermissionsPolicy", "PermissionsBoundary"])
            let onlyAttached = try call.flag("OnlyAttached")
            let prefix = try call.pathPrefix()
            let usage = call.state.policyUsage(in: call.accountID)
            var policies = scope == "AWS" ? [] : call.state.policies.all(in: call.accountID)
            if scope != "Local" { policies += AWSManagedPolicies.all }
            policies = policies.filter { policy in
                let used = usage[policy.arn] ?? IAMPolicyUsage()
                if !policy.path.hasPrefix(prefix) { return false }
                switch filter {
                case "PermissionsBoundary": return used.boundaries > 0
                case "PermissionsPolicy": return used.attachments > 0 || !onlyAttached && used.boundaries == 0
                default: return !onlyAttached || used.attachments > 0 || used.boundaries > 0
                }
            }
            let page = try IAMPage(policies, call) { "\($0.name.lowercased()) \($0.id)" }
            return { xml in
                page.write("Policies", &xml) { $0.policy($1, usage[$1.arn] ?? IAMPolicyUsage()) }
            }
        },
        .change("DeletePolicy", IAMTarget.policy) { call throws(IAMError) in
            let arn = try call.required("PolicyArn")
            try await call.change { state throws(IAMError) in try state.deletePolicy(arn, in: call.accountID) }
            return nil
        },
        .read("ListEntitiesForPolicy", IAMTarget.policy) { call throws(IAMError) in
            let policy = try call.state.policy(try call.required("PolicyArn"), in: call.accountID)
            let found = try PolicyEntities(using: policy.arn, call)
            return { xml in found.write(&xml) }
        },
    ]
}
