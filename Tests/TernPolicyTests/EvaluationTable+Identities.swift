import TernCore
import TernPolicy

/// Policies of users and roles, of the Amazon S3 and IAM User Guides.
extension EvaluationTable {
    static let userPolicies: [Example] = [
        Example(
            name: "S3 guide: one bucket",
            identity: #"{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"},"#
                + #"{"Effect":"Allow","Action":["s3:ListBucket","s3:GetBucketLocation"],"Resource":"arn:aws:s3:::b"},"#
                + #"{"Effect":"Allow","Action":["s3:PutObject","s3:PutObjectAcl","s3:GetObject","s3:GetObjectAcl","s3:DeleteObject"],"Resource":"arn:aws:s3:::b/*"}"#,
            asks: [
                ask(ann, "s3:ListAllMyBuckets", "*", .allowed, of: nil), ask(ann, "s3:ListBucket", "b", .allowed),
                ask(ann, "s3:GetObject", "b/k", .allowed), ask(ann, "s3:DeleteObject", "b/k", .allowed),
                ask(ann, "s3:DeleteObjectVersion", "b/k", .notAllowed), ask(ann, "s3:ListBucket", "c", .notAllowed),
                ask(ann, "s3:GetObject", "c/k", .notAllowed), ask(ann, "s3:DeleteBucket", "b", .notAllowed),
                ask(ann, "s3:GetObject", "b/k", .notAllowed, of: other),
            ]),
        Example(
            name: "S3 guide: each user a folder",
            identity:
                #"{"Effect":"Allow","Action":["s3:PutObject","s3:GetObject","s3:GetObjectVersion","s3:DeleteObject","s3:DeleteObjectVersion"],"Resource":"arn:aws:s3:::b/${aws:username}/*"}"#,
            asks: [
                ask(ann, "s3:PutObject", "b/ann/k", .allowed, ["aws:username": "ann"]),
                ask(ann, "s3:DeleteObjectVersion", "b/ann/x/y", .allowed, ["aws:username": "ann"]),
                ask(ann, "s3:PutObject", "b/bob/k", .notAllowed, ["aws:username": "ann"]),
                ask(ann, "s3:PutObject", "b/ann", .notAllowed, ["aws:username": "ann"]),
                ask(ann, "s3:ListBucket", "b", .notAllowed, ["aws:username": "ann"]),
            ]),
        Example(
            name: "S3 guide: a partner's prefix",
            identity:
                #"{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::b/MyPartner/*"},"#
                + #"{"Effect":"Deny","Action":["s3:GetObject"],"Resource":"arn:aws:s3:::b/MyPartner/private/*"}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/MyPartner/x", .allowed),
                ask(ann, "s3:GetObject", "b/MyPartner/private/x", .denied),
                ask(ann, "s3:PutObject", "b/MyPartner/private/x", .allowed),
                ask(ann, "s3:GetObject", "b/mypartner/x", .notAllowed),
            ]),
        Example(
            name: "S3 guide: walkthrough, folders in the console",
            identity:
                #"{"Sid":"AllowGroupToSeeBucketListInTheConsole","Action":["s3:ListAllMyBuckets","s3:GetBucketLocation"],"Effect":"Allow","Resource":["arn:aws:s3:::*"]},"#
                + #"{"Sid":"AllowRootLevelListingOfCompanyBucket","Action":["s3:ListBucket"],"Effect":"Allow","Resource":["arn:aws:s3:::b"],"Condition":{"StringEquals":{"s3:prefix":[""],"s3:delimiter":["/"]}}},"#
                + #"{"Sid":"AllowListBucketIfSpecificPrefixIsIncludedInRequest","Action":["s3:ListBucket"],"Effect":"Allow","Resource":["arn:aws:s3:::b"],"Condition":{"StringLike":{"s3:prefix":["Development/*"]}}},"#
                + #"{"Sid":"AllowUserToReadWriteObjectDataInDevelopmentFolder","Action":["s3:GetObject","s3:PutObject"],"Effect":"Allow","Resource":["arn:aws:s3:::b/Development/*"]},"#
                + #"{"Sid":"ExplicitlyDenyAnyRequestsForAllOtherFoldersExceptDevelopment","Action":["s3:ListBucket"],"Effect":"Deny","Resource":["arn:aws:s3:::b"],"Condition":{"StringNotLike":{"s3:prefix":["Development/*",""]},"Null":{"s3:prefix":false}}}"#,
            asks: [
                ask(ann, "s3:ListAllMyBuckets", "arn:aws:s3:::*", .allowed, of: nil),
                ask(ann, "s3:ListBucket", "b", .allowed, ["s3:prefix": "", "s3:delimiter": "/"]),
                ask(ann, "s3:ListBucket", "b", .notAllowed, ["s3:prefix": ""]),
                ask(ann, "s3:ListBucket", "b", .allowed, ["s3:prefix": "Development/x"]),
                ask(ann, "s3:ListBucket", "b", .denied, ["s3:prefix": "Finance/", "s3:delimiter": "/"]),
                ask(ann, "s3:ListBucket", "b", .notAllowed), ask(ann, "s3:GetObject", "b/Development/x", .allowed),
                ask(ann, "s3:GetObject", "b/Finance/x", .notAllowed),
            ]),
        Example(
            name: "S3 guide: a region for new buckets",
            identity: #"{"Sid":"statement1","Effect":"Allow","Action":"s3:CreateBucket","Resource":"arn:aws:s3:::*"},"#
                + #"{"Sid":"statement2","Effect":"Deny","Action":"s3:CreateBucket","Resource":"arn:aws:s3:::*","Condition":{"StringNotEquals":{"s3:LocationConstraint":"sa-east-1"}}}"#,
            asks: [
                ask(ann, "s3:CreateBucket", "new", .allowed, ["s3:locationconstraint": "sa-east-1"]),
                ask(ann, "s3:CreateBucket", "new", .denied, ["s3:locationconstraint": "eu-west-1"]),
                ask(ann, "s3:CreateBucket", "new", .denied),
            ]),
        Example(
            name: "S3 guide: buckets of the own account only",
            identity: #"{"Effect":"Allow","Action":"s3:*","Resource":"*"},"#
                + #"{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"s3:ResourceAccount":["111122223333"]}}}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/k", .allowed, ["s3:ResourceAccount": "111122223333"]),
                ask(ann, "s3:GetObject", "b/k", .denied, ["s3:ResourceAccount": "444455556666"], of: other),
            ]),
        Example(
            name: "S3 guide: the role of replication",
            identity:
                #"{"Effect":"Allow","Action":["s3:GetReplicationConfiguration","s3:ListBucket"],"Resource":["arn:aws:s3:::source"]},"#
                + #"{"Effect":"Allow","Action":["s3:GetObjectVersionForReplication","s3:GetObjectVersionAcl","s3:GetObjectVersionTagging"],"Resource":["arn:aws:s3:::source/*"]},"#
                + #"{"Effect":"Allow","Action":["s3:ReplicateObject","s3:ReplicateDelete","s3:ReplicateTags"],"Resource":"arn:aws:s3:::destination/*"}"#,
            asks: [
                ask(role, "s3:GetObjectVersionForReplication", "source/k", .allowed),
                ask(role, "s3:GetObjectVersion", "source/k", .notAllowed),
                ask(role, "s3:GetReplicationConfiguration", "source", .allowed),
                ask(role, "s3:ReplicateObject", "destination/k", .allowed),
                ask(role, "s3:ReplicateObject", "source/k", .notAllowed),
                ask(role, "s3:ObjectOwnerOverrideToBucketOwner", "destination/k", .notAllowed),
                ask(role, "s3:ReplicateObject", "destination/k", .notAllowed, of: other),
            ]),
        Example(
            name: "S3 guide: encrypted replicas by kms:ViaService and context",
            identity:
                #"{"Action":["kms:Decrypt"],"Effect":"Allow","Condition":{"StringLike":{"kms:ViaService":"s3.us-east-1.amazonaws.com","kms:EncryptionContext:aws:s3:arn":["arn:aws:s3:::source/key-prefix1*"]}},"Resource":["arn:aws:kms:us-east-1:111122223333:key/*"]}"#,
            resource: #"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}"#,
            role: .required,
            asks: [
                ask(
                    role, "kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:key/k", .allowed,
                    [
                        "kms:ViaService": "s3.us-east-1.amazonaws.com",
                        "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::source/key-prefix1/x",
                    ]),
                ask(
                    role, "kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:key/k", .notAllowed,
                    [
                        "kms:ViaService": "s3.us-east-1.amazonaws.com",
                        "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::source/x",
                    ]),
                ask(
                    role, "kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/k", .notAllowed,
                    [
                        "kms:ViaService": "s3.us-east-1.amazonaws.com",
                        "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::source/key-prefix1/x",
                    ]),
            ]),
    ]

    static let iamExamples: [Example] = [
        Example(
            name: "IAM guide: within certain dates",
            identity:
                #"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2020-04-01T00:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2020-06-30T23:59:59Z"}}}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/k", .allowed, ["aws:CurrentTime": "2020-05-01T12:00:00Z"]),
                ask(ann, "s3:GetObject", "b/k", .notAllowed, ["aws:CurrentTime": "2020-04-01T00:00:00Z"]),
                ask(ann, "s3:GetObject", "b/k", .notAllowed, ["aws:CurrentTime": "2020-07-01T00:00:00.000Z"]),
            ]),
        Example(
            name: "IAM guide: deny by source address",
            identity:
                #"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]},"Bool":{"aws:ViaAWSService":"false"}}}"#,
            asks: [
                ask(
                    ann, "s3:GetObject", "b/k", .allowed, ["aws:SourceIp": "203.0.113.9", "aws:ViaAWSService": "false"]),
                ask(ann, "s3:GetObject", "b/k", .denied, ["aws:SourceIp": "10.0.0.1", "aws:ViaAWSService": "false"]),
                ask(ann, "s3:GetObject", "b/k", .allowed, ["aws:SourceIp": "10.0.0.1", "aws:ViaAWSService": "true"]),
            ]),
        Example(
            name: "IAM guide: deny by region, but for global services",
            identity:
                #"{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"DenyAllOutsideRequestedRegions","Effect":"Deny","NotAction":["cloudfront:*","iam:*","route53:*","support:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-central-1","eu-west-1"]}}}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/k", .allowed, ["aws:RequestedRegion": "eu-west-1"]),
                ask(ann, "s3:GetObject", "b/k", .denied, ["aws:RequestedRegion": "us-east-1"]),
                ask(
                    ann, "iam:GetUser", "arn:aws:iam::111122223333:user/ann", .allowed,
                    ["aws:RequestedRegion": "us-east-1"]),
            ]),
        Example(
            name: "IAM guide: MFA for everything else",
            identity:
                #"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Sid":"DenyAllExceptListedIfNoMFA","Effect":"Deny","NotAction":["iam:ListMFADevices","sts:GetSessionToken"],"Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/k", .denied),
                ask(role, "s3:GetObject", "b/k", .denied, ["aws:MultiFactorAuthPresent": "false"]),
                ask(ann, "s3:GetObject", "b/k", .allowed, ["aws:MultiFactorAuthPresent": "true"]),
                ask(ann, "sts:GetSessionToken", "*", .notAllowed, of: nil),
            ]),
        Example(
            name: "IAM guide: home directories",
            identity: #"{"Effect":"Allow","Action":["s3:ListAllMyBuckets","s3:GetBucketLocation"],"Resource":"*"},"#
                + #"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b","Condition":{"StringLike":{"s3:prefix":["","home/","home/${aws:username}/*"]}}},"#
                + #"{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::b/home/${aws:username}","arn:aws:s3:::b/home/${aws:username}/*"]}"#,
            asks: [
                ask(ann, "s3:ListBucket", "b", .allowed, ["s3:prefix": "home/", "aws:username": "ann"]),
                ask(ann, "s3:ListBucket", "b", .allowed, ["s3:prefix": "home/ann/x", "aws:username": "ann"]),
                ask(ann, "s3:ListBucket", "b", .notAllowed, ["s3:prefix": "home/bob/", "aws:username": "ann"]),
                ask(ann, "s3:GetObject", "b/home/ann/k", .allowed, ["aws:username": "ann"]),
                ask(ann, "s3:GetObject", "b/home/anna/k", .notAllowed, ["aws:username": "ann"]),
                ask(role, "s3:GetObject", "b/home/ann/k", .notAllowed),
            ]),
        Example(
            name: "IAM guide: folders of role sessions by aws:userid",
            identity: #"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/home/${aws:userid}/*"}"#,
            asks: [
                ask(
                    role, "s3:GetObject", "b/home/AROAREADERAAAAAAAAAAA:s1/k", .allowed,
                    ["aws:userid": "AROAREADERAAAAAAAAAAA:s1"]),
                ask(
                    role, "s3:GetObject", "b/home/AROAREADERAAAAAAAAAAA:s2/k", .notAllowed,
                    ["aws:userid": "AROAREADERAAAAAAAAAAA:s1"]),
            ]),
        Example(
            name: "IAM guide: read and write in one bucket",
            identity:
                #"{"Sid":"ListObjectsInBucket","Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::b"]},{"Sid":"AllObjectActions","Effect":"Allow","Action":"s3:*Object","Resource":["arn:aws:s3:::b/*"]}"#,
            asks: [
                ask(ann, "s3:ListBucket", "b", .allowed), ask(ann, "s3:GetObject", "b/k", .allowed),
                ask(ann, "s3:DeleteObject", "b/k", .allowed), ask(ann, "s3:RestoreObject", "b/k", .allowed),
                ask(ann, "s3:GetObjectAcl", "b/k", .notAllowed),
            ]),
        Example(
            name: "IAM guide: tags of the principal and of the resource",
            identity:
                #"{"Effect":"Allow","Action":"iam:DeleteUser","Resource":"*","Condition":{"StringEquals":{"iam:ResourceTag/status":"terminated"}}},"#
                + #"{"Effect":"Allow","Action":"s3:PutBucketTagging","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/owner":"${aws:username}"},"ForAllValues:StringEquals":{"aws:TagKeys":["owner","cost"]}}}"#,
            asks: [
                ask(
                    ann, "iam:DeleteUser", "arn:aws:iam::111122223333:user/x", .allowed,
                    ["iam:ResourceTag/status": "terminated"]),
                ask(
                    ann, "iam:DeleteUser", "arn:aws:iam::111122223333:user/x", .notAllowed,
                    ["iam:ResourceTag/status": "active"]),
                ask(
                    ann, "s3:PutBucketTagging", "b", .allowed,
                    ["aws:ResourceTag/owner": "ann", "aws:username": "ann", "aws:TagKeys": ["cost"]]),
                ask(
                    ann, "s3:PutBucketTagging", "b", .notAllowed,
                    ["aws:ResourceTag/owner": "bob", "aws:username": "ann", "aws:TagKeys": ["cost"]]),
                ask(
                    ann, "s3:PutBucketTagging", "b", .notAllowed,
                    ["aws:ResourceTag/owner": "ann", "aws:username": "ann", "aws:TagKeys": ["cost", "secret"]]),
            ]),
        Example(
            name: "IAM guide: own access keys",
            identity:
                #"{"Effect":"Allow","Action":["iam:CreateAccessKey","iam:DeleteAccessKey","iam:ListAccessKeys"],"Resource":"arn:aws:iam::*:user/${aws:username}"}"#,
            asks: [
                ask(
                    ann, "iam:CreateAccessKey", "arn:aws:iam::111122223333:user/ann", .allowed, ["aws:username": "ann"]),
                ask(
                    ann, "iam:CreateAccessKey", "arn:aws:iam::111122223333:user/bob", .notAllowed,
                    ["aws:username": "ann"]),
                ask(
                    ann, "iam:CreateAccessKey", "arn:aws:iam::111122223333:user/team/ann", .notAllowed,
                    ["aws:username": "ann"]),
            ]),
        Example(
            name: "IAM guide: revoked sessions (AWSRevokeOlderSessions, STS-5)",
            identity:
                #"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-05-01T12:00:00.000Z"}}}"#,
            asks: [
                ask(role, "s3:GetObject", "b/k", .denied, ["aws:TokenIssueTime": "2026-05-01T11:59:59.000Z"]),
                ask(role, "s3:GetObject", "b/k", .allowed, ["aws:TokenIssueTime": "2026-05-01T12:00:01.000Z"]),
                ask(ann, "s3:GetObject", "b/k", .allowed),
            ]),
        Example(
            name: "IAM guide: a boundary and an attached policy that meet in a part",
            identity: #"{"Effect":"Allow","Action":["iam:*","s3:*"],"Resource":"*"}"#,
            boundary: #"{"Effect":"Allow","Action":["s3:*","cloudwatch:*","ec2:*"],"Resource":"*"}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/k", .allowed), ask(ann, "ec2:RunInstances", "*", .notAllowed),
                ask(ann, "iam:CreateUser", "arn:aws:iam::111122223333:user/x", .notAllowed),
            ]),
        Example(
            name: "IAM guide: the boundary must be set on new users",
            identity:
                #"{"Effect":"Allow","Action":"iam:CreateUser","Resource":"*","Condition":{"StringEquals":{"iam:PermissionsBoundary":"arn:aws:iam::111122223333:policy/XCompanyBoundaries"}}}"#,
            asks: [
                ask(
                    ann, "iam:CreateUser", "arn:aws:iam::111122223333:user/x", .allowed,
                    ["iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/XCompanyBoundaries"]),
                ask(ann, "iam:CreateUser", "arn:aws:iam::111122223333:user/x", .notAllowed),
            ]),
        Example(
            name: "IAM guide: a session policy of less than the role's",
            identity: #"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#,
            session:
                #"{"Sid":"Statement1","Effect":"Allow","Action":["s3:GetBucket*","s3:Get*"],"Resource":["arn:aws:s3:::productionapp","arn:aws:s3:::productionapp/*"]}"#,
            asks: [
                ask(role, "s3:GetObject", "productionapp/k", .allowed),
                ask(role, "s3:PutObject", "productionapp/k", .notAllowed),
                ask(role, "s3:GetObject", "other/k", .notAllowed),
                ask(role, "s3:GetBucketPolicy", "productionapp", .allowed),
            ]),
    ]
}
