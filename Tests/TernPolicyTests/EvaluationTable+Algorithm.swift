import TernCore
import TernPolicy

/// §6.3, §6.4, KMS-3, STS-1, §6.8: whose policies must allow.
extension EvaluationTable {
    private static let allowAll = #"{"Effect":"Allow","Action":"*","Resource":"*"}"#
    private static let allowGet = #"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}"#
    private static let allowPut = #"{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}"#

    private static func bucket(_ effect: String, _ principal: String, _ action: String = "s3:*") -> String {
        #"{"Effect":"\#(effect)","Principal":\#(principal),"Action":"\#(action)","#
            + #""Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]}"#
    }

    static let algorithm: [Example] = [
        Example(
            name: "§6.3, ACC-4 nothing says anything",
            asks: [
                ask(root, "s3:GetObject", "b/k", .allowed), ask(ann, "s3:GetObject", "b/k", .notAllowed),
                ask(role, "s3:GetObject", "b/k", .notAllowed), ask(anonymous, "s3:GetObject", "b/k", .notAllowed),
                ask(service("s3"), "s3:PutObject", "b/k", .notAllowed),
                ask(otherRoot, "s3:GetObject", "b/k", .notAllowed),
                ask(otherUser, "s3:GetObject", "b/k", .notAllowed),
                ask(root, "s3:ListAllMyBuckets", "*", .allowed, of: nil),
                ask(ann, "s3:ListAllMyBuckets", "*", .notAllowed, of: nil),
            ]),
        Example(
            name: "§6.3 a Deny anywhere wins: in the identity's policy",
            identity: allowAll + #",{"Effect":"Deny","Action":"s3:Delete*","Resource":"*"}"#,
            resource: bucket("Allow", #"{"AWS":"arn:aws:iam::111122223333:user/ann"}"#),
            asks: [
                ask(ann, "s3:GetObject", "b/k", .allowed), ask(ann, "s3:DeleteObject", "b/k", .denied),
                ask(ann, "s3:DeleteObject", "c/k", .denied),
            ]),
        Example(
            name: "§6.3 a Deny anywhere wins: in the bucket's policy",
            identity: allowAll, resource: bucket("Allow", #""*""#) + "," + bucket("Deny", #""*""#, "s3:DeleteObject"),
            asks: [
                ask(ann, "s3:GetObject", "b/k", .allowed), ask(ann, "s3:DeleteObject", "b/k", .denied),
                ask(root, "s3:DeleteObject", "b/k", .denied), ask(anonymous, "s3:DeleteObject", "b/k", .denied),
                ask(service("s3"), "s3:DeleteObject", "b/k", .denied), ask(ann, "s3:DeleteObject", "c/k", .allowed),
                ask(anonymous, "s3:GetObject", "b/k", .allowed),
            ]),
        Example(
            name: "§6.3 a Deny anywhere wins: in the boundary", identity: allowAll,
            boundary: allowAll + #",{"Effect":"Deny","Action":"s3:PutObject","Resource":"*"}"#,
            resource: bucket("Allow", #"{"AWS":"arn:aws:iam::111122223333:user/ann"}"#),
            asks: [ask(ann, "s3:GetObject", "b/k", .allowed), ask(ann, "s3:PutObject", "b/k", .denied)]),
        Example(
            name: "§6.3 a Deny anywhere wins: in the session's policy", identity: allowAll,
            session: allowAll + #",{"Effect":"Deny","Action":"s3:PutObject","Resource":"*"}"#,
            resource: bucket("Allow", #"{"AWS":"arn:aws:sts::111122223333:assumed-role/reader/s1"}"#),
            asks: [ask(role, "s3:GetObject", "b/k", .allowed), ask(role, "s3:PutObject", "b/k", .denied)]),
        Example(
            name: "EVL-2 boundary and session never grant", boundary: allowAll, session: allowAll,
            asks: [ask(ann, "s3:GetObject", "b/k", .notAllowed), ask(role, "s3:GetObject", "b/k", .notAllowed)]),
        Example(
            name: "EVL-2 boundary cuts", identity: allowAll, boundary: allowGet,
            asks: [
                ask(ann, "s3:GetObject", "b/k", .allowed), ask(ann, "s3:PutObject", "b/k", .notAllowed),
                ask(role, "s3:GetObject", "b/k", .allowed), ask(role, "s3:ListBucket", "b", .notAllowed),
            ]),
        Example(
            name: "EVL-2 boundary and session cut together", identity: allowAll, boundary: allowGet + "," + allowPut,
            session: allowGet,
            asks: [ask(role, "s3:GetObject", "b/k", .allowed), ask(role, "s3:PutObject", "b/k", .notAllowed)]),
        Example(
            name: "§6.4 user ARN: final", boundary: allowPut,
            resource: bucket("Allow", #"{"AWS":"arn:aws:iam::111122223333:user/ann"}"#),
            asks: [
                ask(ann, "s3:GetObject", "b/k", .allowed), ask(ann, "s3:PutObject", "b/k", .allowed),
                ask(bob, "s3:GetObject", "b/k", .notAllowed),
            ]),
        Example(
            name: "§6.4 role ARN: boundary cuts, no identity needed", boundary: allowPut,
            resource: bucket("Allow", #"{"AWS":"arn:aws:iam::111122223333:role/reader"}"#),
            asks: [ask(role, "s3:GetObject", "b/k", .notAllowed), ask(role, "s3:PutObject", "b/k", .allowed)]),
        Example(
            name: "§6.4 role ARN: session policy cuts", session: allowPut,
            resource: bucket("Allow", #"{"AWS":"arn:aws:iam::111122223333:role/reader"}"#),
            asks: [ask(role, "s3:GetObject", "b/k", .notAllowed), ask(role, "s3:PutObject", "b/k", .allowed)]),
        Example(
            name: "§6.4 session ARN: final", boundary: allowPut, session: allowPut,
            resource: bucket("Allow", #"{"AWS":"arn:aws:sts::111122223333:assumed-role/reader/s1"}"#),
            asks: [ask(role, "s3:GetObject", "b/k", .allowed), ask(role, "s3:PutObject", "b/k", .allowed)]),
        Example(
            name: "§6.4 federated user's ARN: final", session: allowPut,
            resource: bucket("Allow", #"{"AWS":"arn:aws:sts::111122223333:federated-user/fred"}"#),
            asks: [ask(federated, "s3:GetObject", "b/k", .allowed)]),
        Example(
            name: "§6.4 account: delegation only", identity: allowGet, boundary: allowAll,
            resource: bucket("Allow", #"{"AWS":"111122223333"}"#),
            asks: [
                ask(ann, "s3:GetObject", "b/k", .allowed), ask(ann, "s3:PutObject", "b/k", .notAllowed),
                ask(role, "s3:GetObject", "b/k", .allowed), ask(role, "s3:PutObject", "b/k", .notAllowed),
            ]),
        Example(
            name: "§6.4 account: the boundary cuts", identity: allowAll, boundary: allowGet,
            resource: bucket("Allow", #"{"AWS":"111122223333"}"#),
            asks: [ask(ann, "s3:GetObject", "b/k", .allowed), ask(ann, "s3:PutObject", "b/k", .notAllowed)]),
        Example(
            name: "§6.4 everyone: no identity needed, boundary and session cut", boundary: allowGet,
            resource: bucket("Allow", #""*""#),
            asks: [
                ask(role, "s3:GetObject", "b/k", .allowed), ask(role, "s3:PutObject", "b/k", .notAllowed),
                ask(ann, "s3:GetObject", "b/k", .allowed),
            ]),
        Example(
            name: "§6.3 other account: both sides", identity: allowGet,
            resource: bucket("Allow", #"{"AWS":"444455556666"}"#),
            asks: [
                ask(otherUser, "s3:GetObject", "b/k", .allowed), ask(otherUser, "s3:PutObject", "b/k", .notAllowed),
                ask(otherRole, "s3:GetObject", "b/k", .allowed), ask(otherRoot, "s3:GetObject", "b/k", .allowed),
                ask(otherRoot, "s3:PutObject", "b/k", .allowed),
            ]),
        Example(
            name: "§6.3 other account: naming the user is not enough",
            resource: bucket("Allow", #"{"AWS":"arn:aws:iam::444455556666:user/dave"}"#),
            asks: [
                ask(otherUser, "s3:GetObject", "b/k", .notAllowed), ask(otherRoot, "s3:GetObject", "b/k", .notAllowed),
            ]),
        Example(
            name: "§6.3 other account: everyone and an own policy", identity: allowGet,
            resource: bucket("Allow", #""*""#),
            asks: [
                ask(otherUser, "s3:GetObject", "b/k", .allowed), ask(otherUser, "s3:PutObject", "b/k", .notAllowed),
                ask(anonymous, "s3:PutObject", "b/k", .allowed), ask(otherRoot, "s3:PutObject", "b/k", .allowed),
            ]),
        Example(
            name: "§6.3 other account: the own policy alone", identity: allowAll,
            asks: [
                ask(otherUser, "s3:GetObject", "b/k", .notAllowed), ask(otherRole, "s3:GetObject", "b/k", .notAllowed),
            ]),
        Example(
            name: "§6.3 other account: the boundary cuts what both allow", identity: allowAll, boundary: allowPut,
            resource: bucket("Allow", #"{"AWS":"arn:aws:iam::444455556666:role/writer"}"#),
            asks: [ask(otherRole, "s3:GetObject", "b/k", .notAllowed), ask(otherRole, "s3:PutObject", "b/k", .allowed)]),
        Example(
            name: "§6.3 a canonical ID is its account", identity: allowAll,
            resource: bucket("Allow", #"{"CanonicalUser":"\#(otherCanonicalID)"}"#),
            asks: [
                ask(otherUser, "s3:GetObject", "b/k", .allowed), ask(otherRoot, "s3:GetObject", "b/k", .allowed),
                ask(anonymous, "s3:GetObject", "b/k", .notAllowed),
            ]),
        Example(
            name: "ACC-4 root locked out may mend the policy", resource: bucket("Deny", #""*""#),
            asks: [
                ask(root, "s3:ListBucket", "b", .denied), ask(root, "s3:GetObject", "b/k", .denied),
                ask(root, "s3:GetBucketPolicy", "b", .allowed), ask(root, "s3:PutBucketPolicy", "b", .allowed),
                ask(root, "s3:DeleteBucketPolicy", "b", .allowed), ask(otherRoot, "s3:PutBucketPolicy", "b", .denied),
                ask(ann, "s3:PutBucketPolicy", "b", .denied), ask(root, "s3:DeleteBucket", "b", .denied),
            ]),
        Example(
            name: "§9.3 RestrictPublicBuckets", identity: allowAll, resource: bucket("Allow", #""*""#),
            isRestricted: true,
            asks: [
                ask(ann, "s3:GetObject", "b/k", .allowed), ask(root, "s3:GetObject", "b/k", .allowed),
                ask(role, "s3:GetObject", "b/k", .allowed), ask(service("s3"), "s3:PutObject", "b/k", .allowed),
                ask(anonymous, "s3:GetObject", "b/k", .notAllowed), ask(otherUser, "s3:GetObject", "b/k", .notAllowed),
                ask(otherRoot, "s3:GetObject", "b/k", .notAllowed),
            ]),
    ]

    // MARK: KMS

    private static let key = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    private static let enableIAM =
        #"{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"#
        + #""Action":"kms:*","Resource":"*"}"#
    private static let mayDecrypt =
        #"{"Effect":"Allow","Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":"\#(key)"}"#

    static let keyPolicies: [Example] = [
        Example(
            name: "KMS-3 Enable IAM User Permissions", identity: mayDecrypt, resource: enableIAM, role: .required,
            asks: [
                ask(root, "kms:Decrypt", key, .allowed), ask(root, "kms:ScheduleKeyDeletion", key, .allowed),
                ask(ann, "kms:Decrypt", key, .allowed), ask(ann, "kms:ScheduleKeyDeletion", key, .notAllowed),
                ask(role, "kms:GenerateDataKey", key, .allowed), ask(otherUser, "kms:Decrypt", key, .notAllowed),
                ask(otherRoot, "kms:Decrypt", key, .notAllowed), ask(service("s3"), "kms:Decrypt", key, .notAllowed),
                ask(anonymous, "kms:Decrypt", key, .notAllowed),
            ]),
        Example(
            name: "KMS-3 identity policies alone count for nothing", identity: allowAll,
            resource:
                #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/bob"},"Action":"kms:*","Resource":"*"}"#,
            role: .required,
            asks: [
                ask(ann, "kms:Decrypt", key, .notAllowed), ask(root, "kms:Decrypt", key, .notAllowed),
                ask(bob, "kms:Decrypt", key, .allowed),
            ]),
        Example(
            name: "KMS-3 administrators and users by name (KMS Developer Guide, default key policy)",
            resource: enableIAM + ","
                + #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/reader"},"Action":["kms:Create*","kms:Describe*","kms:Enable*","kms:List*","kms:Put*","kms:Update*","kms:Revoke*","kms:Disable*","kms:Get*","kms:Delete*","kms:TagResource","kms:UntagResource","kms:ScheduleKeyDeletion","kms:CancelKeyDeletion"],"Resource":"*"},"#
                + #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*"},"#
                + #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"},"Action":["kms:CreateGrant","kms:ListGrants","kms:RevokeGrant"],"Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}}"#,
            role: .required,
            asks: [
                ask(role, "kms:PutKeyPolicy", key, .allowed), ask(role, "kms:GetKeyPolicy", key, .allowed),
                ask(role, "kms:Decrypt", key, .notAllowed), ask(ann, "kms:Decrypt", key, .allowed),
                ask(ann, "kms:GenerateDataKeyWithoutPlaintext", key, .allowed),
                ask(ann, "kms:PutKeyPolicy", key, .notAllowed),
                ask(ann, "kms:CreateGrant", key, .allowed, ["kms:GrantIsForAWSResource": "true"]),
                ask(ann, "kms:CreateGrant", key, .notAllowed, ["kms:GrantIsForAWSResource": "false"]),
                ask(ann, "kms:CreateGrant", key, .notAllowed), ask(bob, "kms:Decrypt", key, .notAllowed),
            ]),
        Example(
            name: "KMS-3 another account: key policy and identity policy", identity: mayDecrypt,
            resource: enableIAM
                + #",{"Sid":"Allow an external account to use this KMS key","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::444455556666:root"]},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*"}"#,
            role: .required,
            asks: [
                ask(otherUser, "kms:Decrypt", key, .allowed), ask(otherRole, "kms:GenerateDataKey", key, .allowed),
                ask(otherUser, "kms:Encrypt", key, .notAllowed), ask(otherRoot, "kms:Encrypt", key, .allowed),
                ask(otherUser, "kms:PutKeyPolicy", key, .notAllowed),
            ]),
        Example(
            name: "KMS-3 a Deny limits root",
            resource: enableIAM
                + #",{"Effect":"Deny","Principal":"*","Action":"kms:ScheduleKeyDeletion","Resource":"*"}"#,
            role: .required,
            asks: [
                ask(root, "kms:ScheduleKeyDeletion", key, .denied), ask(root, "kms:DescribeKey", key, .allowed),
            ]),
        Example(
            name: "KMS-5 kms:ViaService", identity: mayDecrypt,
            resource: enableIAM
                + #",{"Effect":"Deny","Principal":"*","Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":"*","Condition":{"StringNotEquals":{"kms:ViaService":["s3.us-west-2.amazonaws.com"]}}}"#,
            role: .required,
            asks: [
                ask(ann, "kms:Decrypt", key, .allowed, ["kms:ViaService": "s3.us-west-2.amazonaws.com"]),
                ask(ann, "kms:Decrypt", key, .denied, ["kms:ViaService": "s3.eu-west-1.amazonaws.com"]),
                ask(ann, "kms:Decrypt", key, .denied),
            ]),
        Example(
            name: "KMS-5 kms:EncryptionContext",
            resource:
                #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/reader"},"Action":"kms:Decrypt","Resource":"*","Condition":{"StringLike":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::b/reports/*"}}},"#
                + #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/reader"},"Action":"kms:GenerateDataKey","Resource":"*","Condition":{"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["aws:s3:arn","team"]},"Null":{"kms:EncryptionContextKeys":"false"}}}"#,
            role: .required,
            asks: [
                ask(
                    role, "kms:Decrypt", key, .allowed, ["kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/reports/1"]
                ),
                ask(role, "kms:Decrypt", key, .notAllowed, ["kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/x"]),
                ask(role, "kms:Decrypt", key, .notAllowed),
                ask(role, "kms:GenerateDataKey", key, .allowed, ["kms:EncryptionContextKeys": ["team", "aws:s3:arn"]]),
                ask(role, "kms:GenerateDataKey", key, .notAllowed, ["kms:EncryptionContextKeys": ["team", "x"]]),
                ask(role, "kms:GenerateDataKey", key, .notAllowed),
            ]),
        Example(
            name: "KMS-5 everyone of an account through S3 (the policy of aws/s3)",
            resource:
                #"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*","Condition":{"StringEquals":{"kms:CallerAccount":"111122223333","kms:ViaService":"s3.us-west-2.amazonaws.com"}}},"#
                + #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":["kms:Describe*","kms:Get*","kms:List*"],"Resource":"*"}"#,
            role: .required,
            asks: [
                ask(
                    ann, "kms:GenerateDataKey", key, .allowed,
                    ["kms:CallerAccount": "111122223333", "kms:ViaService": "s3.us-west-2.amazonaws.com"]),
                ask(ann, "kms:GenerateDataKey", key, .notAllowed, ["kms:CallerAccount": "111122223333"]),
                ask(
                    otherUser, "kms:Decrypt", key, .notAllowed,
                    ["kms:CallerAccount": "444455556666", "kms:ViaService": "s3.us-west-2.amazonaws.com"]),
                ask(root, "kms:DescribeKey", key, .allowed), ask(root, "kms:PutKeyPolicy", key, .notAllowed),
            ]),
    ]

    // MARK: Trust policies

    private static let roleARN = "arn:aws:iam::111122223333:role/target"
    private static let mayAssume = #"{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"\#(roleARN)"}"#

    private static let provider = "arn:aws:iam::111122223333:oidc-provider/login.example.com"
    private static let stranger = PolicyCaller(kind: .webIdentity(provider: provider), account: nil)
    private static let otherStranger = PolicyCaller(
        kind: .webIdentity(provider: "arn:aws:iam::111122223333:oidc-provider/example.com"), account: nil)

    private static func trust(
        _ principal: String, _ condition: String? = nil, action: String = "sts:AssumeRole"
    ) -> String {
        #"{"Effect":"Allow","Principal":\#(principal),"Action":"\#(action)""#
            + (condition.map { #","Condition":{\#($0)}"# } ?? "") + "}"
    }

    static let trustPolicies: [Example] = [
        Example(
            name: "STS-1 by name, same account", resource: trust(#"{"AWS":"arn:aws:iam::111122223333:user/ann"}"#),
            role: .trust,
            asks: [
                ask(ann, "sts:AssumeRole", roleARN, .allowed), ask(bob, "sts:AssumeRole", roleARN, .notAllowed),
                ask(ann, "sts:TagSession", roleARN, .notAllowed),
                ask(anonymous, "sts:AssumeRole", roleARN, .notAllowed),
            ]),
        Example(
            name: "STS-1 the account, same account, with a policy", identity: mayAssume,
            resource: trust(#"{"AWS":"arn:aws:iam::111122223333:root"}"#), role: .trust,
            asks: [
                ask(ann, "sts:AssumeRole", roleARN, .allowed), ask(role, "sts:AssumeRole", roleARN, .allowed),
                ask(otherUser, "sts:AssumeRole", roleARN, .notAllowed),
            ]),
        Example(
            name: "STS-1 the account, same account, without a policy",
            resource: trust(#"{"AWS":"111122223333"}"#), role: .trust,
            asks: [
                ask(ann, "sts:AssumeRole", roleARN, .notAllowed), ask(role, "sts:AssumeRole", roleARN, .notAllowed),
            ]),
        Example(
            name: "POL-5 a web identity, by its provider alone",
            resource: trust(
                #"{"Federated":"\#(provider)"}"#, action: "sts:AssumeRoleWithWebIdentity"), role: .trust,
            asks: [
                ask(stranger, "sts:AssumeRoleWithWebIdentity", roleARN, .allowed),
                ask(stranger, "sts:AssumeRole", roleARN, .notAllowed),
                ask(otherStranger, "sts:AssumeRoleWithWebIdentity", roleARN, .notAllowed),
                ask(ann, "sts:AssumeRoleWithWebIdentity", roleARN, .notAllowed),
            ]),
        Example(
            name: "POL-5 everybody is no web identity",
            resource: trust(#""*""#, action: "sts:AssumeRoleWithWebIdentity"), role: .trust,
            asks: [ask(stranger, "sts:AssumeRoleWithWebIdentity", roleARN, .notAllowed)]),
        Example(
            name: "STS-1 another account: trust and policy", identity: mayAssume,
            resource: trust(#"{"AWS":"arn:aws:iam::444455556666:root"}"#), role: .trust,
            asks: [
                ask(otherUser, "sts:AssumeRole", roleARN, .allowed),
                ask(otherRole, "sts:AssumeRole", roleARN, .allowed),
                ask(ann, "sts:AssumeRole", roleARN, .notAllowed),
            ]),
        Example(
            name: "STS-1 another account: trust by name is not enough",
            resource: trust(#"{"AWS":"arn:aws:iam::444455556666:user/dave"}"#), role: .trust,
            asks: [ask(otherUser, "sts:AssumeRole", roleARN, .notAllowed)]),
        Example(
            name: "STS-1 the own policy without trust", identity: mayAssume,
            resource: trust(#"{"Service":"ec2.amazonaws.com"}"#), role: .trust,
            asks: [
                ask(ann, "sts:AssumeRole", roleARN, .notAllowed),
                ask(service("ec2"), "sts:AssumeRole", roleARN, .allowed, of: nil),
            ]),
        Example(
            name: "STS-1 external ID (IAM User Guide, third parties)", identity: mayAssume,
            resource: trust(
                #"{"AWS":"arn:aws:iam::444455556666:root"}"#, #""StringEquals":{"sts:ExternalId":"12345"}"#),
            role: .trust,
            asks: [
                ask(otherUser, "sts:AssumeRole", roleARN, .allowed, ["sts:ExternalId": "12345"]),
                ask(otherUser, "sts:AssumeRole", roleARN, .notAllowed, ["sts:ExternalId": "54321"]),
                ask(otherUser, "sts:AssumeRole", roleARN, .notAllowed),
            ]),
        Example(
            name: "STS-1 session name (IAM User Guide, sts:RoleSessionName)", identity: mayAssume,
            resource: trust(
                #"{"AWS":"arn:aws:iam::111122223333:root"}"#, #""StringLike":{"sts:RoleSessionName":"${aws:username}"}"#
            ),
            role: .trust,
            asks: [
                ask(ann, "sts:AssumeRole", roleARN, .allowed, ["aws:username": "ann", "sts:RoleSessionName": "ann"]),
                ask(
                    ann, "sts:AssumeRole", roleARN, .notAllowed, ["aws:username": "ann", "sts:RoleSessionName": "bob"]),
            ]),
        Example(
            name: "STS-1 everyone means the authenticated", identity: mayAssume, resource: trust(#""*""#), role: .trust,
            asks: [
                ask(anonymous, "sts:AssumeRole", roleARN, .notAllowed), ask(ann, "sts:AssumeRole", roleARN, .allowed),
                ask(otherUser, "sts:AssumeRole", roleARN, .allowed),
            ]),
        Example(
            name: "STS-1 a boundary cuts", identity: mayAssume,
            boundary: #"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#,
            resource: trust(#"{"AWS":"arn:aws:iam::111122223333:root"}"#), role: .trust,
            asks: [ask(ann, "sts:AssumeRole", roleARN, .notAllowed)]),
        Example(
            name: "STS-1 a Deny of trust", identity: mayAssume,
            resource: trust(#"{"AWS":"arn:aws:iam::111122223333:root"}"#)
                + #",{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/bob"},"Action":"sts:AssumeRole"}"#,
            role: .trust,
            asks: [
                ask(ann, "sts:AssumeRole", roleARN, .allowed), ask(bob, "sts:AssumeRole", roleARN, .denied),
            ]),
    ]

    // MARK: Services

    static let deputies: [Example] = [
        Example(
            name: "§6.8 replication assumes its role",
            resource: trust(
                #"{"Service":["s3.amazonaws.com","batchoperations.s3.amazonaws.com"]}"#,
                #""StringEquals":{"aws:SourceAccount":"111122223333"},"ArnLike":{"aws:SourceArn":"arn:aws:s3:::source"}"#
            ),
            role: .trust,
            asks: [
                ask(
                    service("s3"), "sts:AssumeRole", roleARN, .allowed,
                    ["aws:SourceAccount": "111122223333", "aws:SourceArn": "arn:aws:s3:::source"]),
                ask(
                    service("s3"), "sts:AssumeRole", roleARN, .notAllowed,
                    ["aws:SourceAccount": "111122223333", "aws:SourceArn": "arn:aws:s3:::other"]),
                ask(
                    service("s3"), "sts:AssumeRole", roleARN, .notAllowed,
                    ["aws:SourceAccount": "444455556666", "aws:SourceArn": "arn:aws:s3:::source"]),
                ask(service("s3"), "sts:AssumeRole", roleARN, .notAllowed),
                ask(
                    service("logging.s3"), "sts:AssumeRole", roleARN, .notAllowed,
                    ["aws:SourceAccount": "111122223333", "aws:SourceArn": "arn:aws:s3:::source"]),
                ask(ann, "sts:AssumeRole", roleARN, .notAllowed),
            ]),
        Example(
            name: "§6.8 server access logs (S3 User Guide)",
            resource:
                #"{"Sid":"S3ServerAccessLogsPolicy","Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":["s3:PutObject"],"Resource":"arn:aws:s3:::logs/prefix*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::source"},"StringEquals":{"aws:SourceAccount":"111122223333"}}}"#,
            asks: [
                ask(
                    service("logging.s3"), "s3:PutObject", "logs/prefix-1", .allowed,
                    ["aws:SourceArn": "arn:aws:s3:::source", "aws:SourceAccount": "111122223333"]),
                ask(
                    service("logging.s3"), "s3:PutObject", "logs/other", .notAllowed,
                    ["aws:SourceArn": "arn:aws:s3:::source", "aws:SourceAccount": "111122223333"]),
                ask(
                    service("logging.s3"), "s3:PutObject", "logs/prefix-1", .notAllowed,
                    ["aws:SourceArn": "arn:aws:s3:::sources", "aws:SourceAccount": "111122223333"]),
                ask(
                    service("logging.s3"), "s3:GetObject", "logs/prefix-1", .notAllowed,
                    ["aws:SourceArn": "arn:aws:s3:::source", "aws:SourceAccount": "111122223333"]),
            ]),
        Example(
            name: "§6.8 S3 Inventory and analytics (S3 User Guide)",
            resource:
                #"{"Sid":"InventoryAndAnalyticsExamplePolicy","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"s3:PutObject","Resource":["arn:aws:s3:::destination/*"],"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::source"},"StringEquals":{"aws:SourceAccount":"111122223333","s3:x-amz-acl":"bucket-owner-full-control"}}}"#,
            asks: [
                ask(
                    service("s3"), "s3:PutObject", "destination/x", .allowed,
                    [
                        "aws:SourceArn": "arn:aws:s3:::source", "aws:SourceAccount": "111122223333",
                        "s3:x-amz-acl": "bucket-owner-full-control",
                    ]),
                ask(
                    service("s3"), "s3:PutObject", "destination/x", .notAllowed,
                    ["aws:SourceArn": "arn:aws:s3:::source", "aws:SourceAccount": "111122223333"]),
            ]),
        Example(
            name: "§6.8 aws:PrincipalIsAWSService spares services",
            identity: allowAll,
            resource: bucket("Allow", #"{"Service":"s3.amazonaws.com"}"#)
                + #",{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"Bool":{"aws:PrincipalIsAWSService":"false"}}}"#,
            asks: [
                ask(service("s3"), "s3:PutObject", "b/k", .allowed, ["aws:PrincipalIsAWSService": "true"]),
                ask(ann, "s3:PutObject", "b/k", .denied, ["aws:PrincipalIsAWSService": "false"]),
                ask(ann, "s3:GetObject", "b/k", .allowed, ["aws:PrincipalIsAWSService": "false"]),
            ]),
        Example(
            name: "§6.7 PassRole to one service",
            identity:
                #"{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/replication-*","Condition":{"StringEquals":{"iam:PassedToService":"s3.amazonaws.com"}}}"#,
            asks: [
                ask(
                    ann, "iam:PassRole", "arn:aws:iam::111122223333:role/replication-1", .allowed,
                    ["iam:PassedToService": "s3.amazonaws.com"]),
                ask(
                    ann, "iam:PassRole", "arn:aws:iam::111122223333:role/admin", .notAllowed,
                    ["iam:PassedToService": "s3.amazonaws.com"]),
                ask(
                    ann, "iam:PassRole", "arn:aws:iam::111122223333:role/replication-1", .notAllowed,
                    ["iam:PassedToService": "ec2.amazonaws.com"]),
            ]),
    ]
}
