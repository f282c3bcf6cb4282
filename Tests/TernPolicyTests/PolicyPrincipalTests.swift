import TernPolicy
import Testing

@Suite struct PolicyPrincipalTests {
    @Test(
        "POL-5: what names no principal",
        arguments: [
            "", "1", "11112222333", "arn:aws:iam::111122223333:user/*", "arn:aws:iam::111122223333:user/u?",
            "arn:aws:iam::111122223333:user", "arn:aws:iam::111122223333:user/", "arn:aws:iam::1:root",
            "arn:aws:iam::111122223333:group/g", "arn:aws:s3:::bucket", "arn:aws:sts::111122223333:assumed-role/r",
            "arn:aws:sts::111122223333:assumed-role/r/s/t", "arn:aws:iam::*:root", "**",
        ])
    func invalid(_ text: String) {
        #expect(PolicyPrincipal(aws: text) == nil)
    }

    @Test("POL-5: an account's number and its root's ARN are the same; ARNs by their kind") func kinds() {
        #expect(PolicyPrincipal(aws: "*") == .everyone)
        #expect(
            PolicyPrincipal(aws: "111122223333") == PolicyPrincipal(aws: "arn:aws:iam::111122223333:root"))
        let role = "arn:aws:iam::111122223333:role/path/r"
        #expect(PolicyPrincipal(aws: role) == .role(arn: role))
        let session = "arn:aws:sts::111122223333:assumed-role/r/s"
        #expect(PolicyPrincipal(aws: session) == .roleSession(arn: session))
        let federated = "arn:aws:sts::111122223333:federated-user/f"
        #expect(PolicyPrincipal(aws: federated) == .federatedUser(arn: federated))
    }
}
