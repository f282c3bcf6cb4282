import TernControlPlane
import TernRecords
import TernS3Protocol

extension IAMOperation {
    /// Source: AWS IAM API Reference; IAM-22.
    static let policyVersions: [IAMOperation] = [
        .change("CreatePolicyVersion", IAMTarget.policy) { call throws(IAMError) in
            let arn = try call.required("PolicyArn")
            let document = try call.required("PolicyDocument")
            let setsDefault = try call.flag("SetAsDefault")
            let policy = try await call.change { state throws(IAMError) in
                try state.createPolicyVersion(
                    document, of: arn, in: call.accountID, setsDefault: setsDefault, now: call.now)
            }
            guard let version = policy.version(policy.lastVersion) else { throw .policyNotFound(arn) }
            return { xml in
                xml.open("PolicyVersion")
                xml.version(version, of: policy, withDocument: false)
                xml.close("PolicyVersion")
            }
        },
        .read("GetPolicyVersion", IAMTarget.policy) { call throws(IAMError) in
            let policy = try call.state.policy(try call.required("PolicyArn"), in: call.accountID)
            let version = try call.state.version(try call.required("VersionId"), of: policy)
            return { xml in
                xml.open("PolicyVersion")
                xml.version(version, of: policy, withDocument: true)
                xml.close("PolicyVersion")
            }
        },
        .read("ListPolicyVersions", IAMTarget.policy) { call throws(IAMError) in
            let policy = try call.state.policy(try call.required("PolicyArn"), in: call.accountID)
            // The newest first.
            let page = try IAMPage(policy.versions, call) { version in
                let rest = "\(UInt32.max - version.number)"
                return String(repeating: "0", count: 10 - rest.utf8.count) + rest
            }
            return { xml in
                page.write("Versions", &xml) { $0.version($1, of: policy, withDocument: false) }
            }
        },
        .change("DeletePolicyVersion", IAMTarget.policy) { call throws(IAMError) in
            let arn = try call.required("PolicyArn")
            let version = try call.required("VersionId")
            try await call.change { state throws(IAMError) in
                try state.deletePolicyVersion(version, of: arn, in: call.accountID)
            }
            return nil
        },
        .change("SetDefaultPolicyVersion", IAMTarget.policy) { call throws(IAMError) in
            let arn = try call.required("PolicyArn")
            let version = try call.required("VersionId")
            try await call.change { state throws(IAMError) in
                try state.setDefaultVersion(version, of: arn, in: call.accountID, now: call.now)
            }
            return nil
        },
    ]
}
