import TernControlPlane
import TernRecords
import TernS3Protocol

extension IAMOperation {
    /// Operations about what users do not have here. Tools ask for it before they delete a user: the lists are empty.
    ///
    /// Source: specification §3.2.
    static let absent: [IAMOperation] = [
        Self.emptyList("ListSSHPublicKeys", "SSHPublicKeys"),
        Self.emptyList("ListMFADevices", "MFADevices"),
        Self.emptyList("ListSigningCertificates", "Certificates"),
        Self.emptyList("ListServiceSpecificCredentials", "ServiceSpecificCredentials"),
        .read("ListVirtualMFADevices", { _ throws(IAMError) in .everything }) { _ throws(IAMError) in
            { xml in
                xml.empty("VirtualMFADevices")
                xml.element("IsTruncated", false)
            }
        },
        .change("DeleteLoginProfile", IAMTarget.user, Self.withoutLoginProfile),
        .read("GetLoginProfile", IAMTarget.user, Self.withoutLoginProfile),
    ]

    private static func emptyList(_ name: String, _ list: String) -> IAMOperation {
        .read(name, IAMTarget.user) { call throws(IAMError) in
            if !call.meansRoot { _ = try call.state.user(try call.userName(), in: call.accountID) }
            return { xml in
                xml.open(dynamic: list)
                xml.close(dynamic: list)
                xml.element("IsTruncated", false)
            }
        }
    }

    private static let withoutLoginProfile: @Sendable (IAMCall) async throws(IAMError) -> IAMResult? = {
        call throws(IAMError) in
        let name = try call.userName()
        _ = try call.state.user(name, in: call.accountID)
        throw IAMError.noLoginProfile(name)
    }
}
