import TernControlPlane
import TernRecords
import TernS3Protocol

extension IAMOperation {
    /// Source: AWS IAM API Reference.
    static let serviceLinkedRoles: [IAMOperation] = [
        .change("CreateServiceLinkedRole", Self.newServiceLinkedRole) { call throws(IAMError) in
            var role = IAMRoleRecord()
            role.id = call.catalog.makeID(IAMRoleRecord.idPrefix)
            role.account = call.accountID
            role.createdMs = call.now
            let wanted = role
            let service = try call.required("AWSServiceName")
            let made = try await call.change { state throws(IAMError) in
                try state.createServiceLinkedRole(
                    wanted, service: service, suffix: call.optional("CustomSuffix"),
                    description: call.optional("Description"))
            }
            return { xml in
                xml.open("Role")
                xml.identity(made)
                xml.document("AssumeRolePolicyDocument", made.trustPolicy)
                if !made.description_p.isEmpty { xml.element("Description", made.description_p) }
                xml.close("Role")
            }
        },
        .change("DeleteServiceLinkedRole", IAMTarget.existing(IAMRoleRecord.self)) { call throws(IAMError) in
            let name = try call.required("RoleName")
            let deletion = try await call.change { state throws(IAMError) in
                try state.deleteServiceLinkedRole(name, in: call.accountID, unique: call.request.requestID)
            }
            return { xml in xml.element("DeletionTaskId", deletion) }
        },
        .read("GetServiceLinkedRoleDeletionStatus", Self.deletedServiceLinkedRole) { call throws(IAMError) in
            try call.state.requireServiceRoleDeletion(try call.required("DeletionTaskId"), in: call.accountID)
            return { xml in xml.element("Status", "SUCCEEDED") }
        },
    ]

    private static let newServiceLinkedRole: @Sendable (IAMCall) throws(IAMError) -> IAMTarget = {
        call throws(IAMError) in
        let service = try call.required("AWSServiceName")
        var target = IAMTarget("arn:aws:iam::\(call.accountID):role/aws-service-role/\(service)/*")
        target.conditions["iam:AWSServiceName"] = [service]
        return target
    }

    /// The role of `task/aws-service-role/SERVICE/ROLE/ID`.
    private static let deletedServiceLinkedRole: @Sendable (IAMCall) throws(IAMError) -> IAMTarget = {
        call throws(IAMError) in
        let parts = try call.required("DeletionTaskId").split(separator: "/").dropFirst().dropLast()
        return IAMTarget("arn:aws:iam::\(call.accountID):role/\(parts.joined(separator: "/"))")
    }
}
