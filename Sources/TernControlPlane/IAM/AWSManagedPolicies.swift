package import TernRecords

/// The policies of AWS that exist in every account, and cannot be changed (IAM-25).
package enum AWSManagedPolicies {
    /// In the order of their names.
    package static let all: [IAMPolicyRecord] = [
        Self.policy(
            "AdministratorAccess", "ANPAIWMBCKSKIEE64ZLYK", "Provides full access to AWS services and resources.",
            [.init(actions: ["*"])]),
        Self.policy(
            "AmazonS3FullAccess", "ANPAIFIR6V6BVTRAHWINE",
            "Provides full access to all buckets via the AWS Management Console.",
            [.init(actions: ["s3:*", "s3-object-lambda:*"])]),
        Self.policy(
            "AmazonS3ReadOnlyAccess", "ANPAIZTJ4DXE7G6AGAE6M",
            "Provides read only access to all buckets via the AWS Management Console.",
            [
                .init(actions: [
                    "s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*",
                ])
            ]),
        Self.policy(
            "AWSKeyManagementServicePowerUser", "ANPAJNPP7PPPPMJRV2SA4",
            "Provides access to AWS Key Management Service (KMS).",
            [
                .init(actions: [
                    "kms:CreateAlias", "kms:CreateKey", "kms:DeleteAlias", "kms:Describe*", "kms:GenerateRandom",
                    "kms:Get*", "kms:List*", "kms:TagResource", "kms:UntagResource", "iam:ListGroups", "iam:ListRoles",
                    "iam:ListUsers",
                ])
            ]),
        Self.policy(
            "CloudWatchFullAccess", "ANPAIKEABORKUXN6DEAZU", "Provides full access to CloudWatch.",
            [
                .init(actions: [
                    "autoscaling:Describe*", "cloudwatch:*", "logs:*", "sns:*", "iam:GetPolicy", "iam:GetPolicyVersion",
                    "iam:GetRole", "oam:ListSinks",
                ])
            ]),
        Self.policy(
            "CloudWatchReadOnlyAccess", "ANPAJN23PDQP7SZQAE3QE", "Provides read only access to CloudWatch.",
            [
                .init(actions: [
                    "autoscaling:Describe*", "cloudwatch:BatchGet*", "cloudwatch:Describe*", "cloudwatch:GenerateQuery",
                    "cloudwatch:Get*", "cloudwatch:List*", "logs:Get*", "logs:List*", "logs:StartQuery",
                    "logs:StopQuery", "logs:Describe*", "logs:TestMetricFilter", "logs:FilterLogEvents", "sns:Get*",
                    "sns:List*", "oam:ListSinks",
                ])
            ]),
        Self.policy(
            "IAMFullAccess", "ANPAI7XKCFMBPM3QQRRVQ", "Provides full access to IAM via the AWS Management Console.",
            [
                .init(actions: [
                    "iam:*", "organizations:DescribeAccount", "organizations:DescribeOrganization",
                    "organizations:DescribeOrganizationalUnit", "organizations:DescribePolicy",
                    "organizations:ListChildren", "organizations:ListParents",
                    "organizations:ListPoliciesForTarget", "organizations:ListRoots", "organizations:ListPolicies",
                    "organizations:ListTargetsForPolicy",
                ])
            ]),
        Self.policy(
            "IAMReadOnlyAccess", "ANPAJKSO7NDY4T57MWDSQ",
            "Provides read only access to IAM via the AWS Management Console.",
            [
                .init(actions: [
                    "iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*",
                    "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy",
                ])
            ]),
        Self.policy(
            "PowerUserAccess", "ANPAJYRXTHIB4FOVS3ZXS",
            "Provides full access to AWS services and resources, but does not allow management of Users and groups.",
            [
                .init(notActions: ["iam:*", "organizations:*", "account:*"]),
                .init(actions: [
                    "account:GetAccountInformation", "account:GetPrimaryEmail", "account:ListRegions",
                    "iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:ListRoles",
                    "organizations:DescribeOrganization",
                ]),
            ]),
        Self.policy(
            "ReadOnlyAccess", "ANPAILL3HVNFSB6DCOWYQ", "Provides read-only access to AWS services and resources.",
            [
                .init(actions: [
                    "cloudwatch:BatchGet*", "cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*",
                    "iam:Generate*", "iam:Get*", "iam:List*", "iam:Simulate*", "kms:Describe*", "kms:Get*",
                    "kms:List*", "s3:DescribeJob", "s3:Get*", "s3:List*", "s3-object-lambda:Get*",
                    "s3-object-lambda:List*", "sns:Get*", "sns:List*", "sqs:Get*", "sqs:List*", "sts:GetAccessKeyInfo",
                    "sts:GetCallerIdentity", "sts:GetSessionToken",
                ])
            ]),
    ]

    package static let byARN: [String: IAMPolicyRecord] = Dictionary(Self.all.map { ($0.arn, $0) }) { first, _ in first
    }

    private struct Statement {
        var element: String
        var actions: [String]

        init(actions: [String]) {
            self.element = "Action"
            self.actions = actions
        }

        init(notActions: [String]) {
            self.element = "NotAction"
            self.actions = notActions
        }

        var json: String {
            let list = self.actions.map { "\"\($0)\"" }.joined(separator: ",")
            return "{\"Effect\":\"Allow\",\"\(self.element)\":[\(list)],\"Resource\":\"*\"}"
        }
    }

    /// 2015-02-06T18:39:46Z, when AWS made its first ones.
    private static let createdMs: Int64 = 1_423_247_986_000

    private static func policy(
        _ name: String, _ id: String, _ description: String, _ statements: [Statement]
    ) -> IAMPolicyRecord {
        var policy = IAMPolicyRecord()
        policy.id = id
        policy.account = "aws"
        policy.name = name
        policy.path = "/"
        policy.createdMs = self.createdMs
        policy.updatedMs = self.createdMs
        policy.description_p = description
        let list = statements.map(\.json).joined(separator: ",")
        policy.add("{\"Version\":\"2012-10-17\",\"Statement\":[\(list)]}", at: self.createdMs)
        policy.defaultVersion = policy.lastVersion
        return policy
    }
}
