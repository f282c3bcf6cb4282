import TernCore
import TernPolicy

/// Bucket policies of the Amazon S3 User Guide.
extension EvaluationTable {
    private static let everything = #"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#

    static let bucketPolicies: [Example] = [
        Example(
            name: "S3 guide: read-only to anonymous users",
            resource:
                #"{"Sid":"PublicRead","Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:GetObjectVersion"],"Resource":["arn:aws:s3:::b/*"]}"#,
            asks: [
                ask(anonymous, "s3:GetObject", "b/k", .allowed), ask(anonymous, "s3:GetObjectVersion", "b/k", .allowed),
                ask(anonymous, "s3:ListBucket", "b", .notAllowed), ask(anonymous, "s3:PutObject", "b/k", .notAllowed),
                ask(anonymous, "s3:GetObjectAcl", "b/k", .notAllowed), ask(ann, "s3:GetObject", "b/k", .allowed),
            ]),
        Example(
            name: "S3 guide: HTTPS only", identity: everything,
            resource:
                #"{"Sid":"RestrictToTLSRequestsOnly","Action":"s3:*","Effect":"Deny","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Principal":"*"}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/k", .allowed, ["aws:SecureTransport": "true"]),
                ask(ann, "s3:GetObject", "b/k", .denied, ["aws:SecureTransport": "false"]),
                ask(ann, "s3:ListBucket", "b", .denied, ["aws:SecureTransport": "false"]),
                ask(root, "s3:PutObject", "b/k", .denied, ["aws:SecureTransport": "false"]),
                ask(ann, "s3:GetObject", "c/k", .allowed, ["aws:SecureTransport": "false"]),
            ]),
        Example(
            name: "S3 guide: a version of TLS", identity: everything,
            resource:
                #"{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"NumericLessThan":{"s3:TlsVersion":1.2}}}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/k", .denied, ["s3:TlsVersion": "1.1"]),
                ask(ann, "s3:GetObject", "b/k", .allowed, ["s3:TlsVersion": "1.2"]),
                ask(ann, "s3:GetObject", "b/k", .allowed, ["s3:TlsVersion": "1.3"]),
                ask(ann, "s3:GetObject", "b/k", .allowed),
            ]),
        Example(
            name: "S3 guide: specific IP addresses", identity: everything,
            resource:
                #"{"Sid":"SourceIP","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","2001:DB8:1234:5678::/64"]}}}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/k", .allowed, ["aws:SourceIp": "192.0.2.17"]),
                ask(ann, "s3:GetObject", "b/k", .denied, ["aws:SourceIp": "198.51.100.1"]),
                ask(ann, "s3:GetObject", "b/k", .allowed, ["aws:SourceIp": "2001:db8:1234:5678:aa::1"]),
                ask(ann, "s3:GetObject", "b/k", .denied, ["aws:SourceIp": "2001:db8:1234:5679::1"]),
                ask(ann, "s3:GetObject", "b/k", .denied),
            ]),
        Example(
            name: "S3 guide: addresses allowed, one excepted",
            resource:
                #"{"Sid":"AllowIPmix","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"IpAddress":{"aws:SourceIp":["192.0.2.0/24","2001:DB8:1234:5678::/64"]},"NotIpAddress":{"aws:SourceIp":["192.0.2.128/30","2001:DB8:1234:5678:ABCD::/80"]}}}"#,
            asks: [
                ask(anonymous, "s3:GetObject", "b/k", .allowed, ["aws:SourceIp": "192.0.2.1"]),
                ask(anonymous, "s3:GetObject", "b/k", .notAllowed, ["aws:SourceIp": "192.0.2.130"]),
                ask(anonymous, "s3:GetObject", "b/k", .allowed, ["aws:SourceIp": "192.0.2.132"]),
                ask(anonymous, "s3:GetObject", "b/k", .notAllowed, ["aws:SourceIp": "2001:db8:1234:5678:abcd::1"]),
                ask(anonymous, "s3:GetObject", "b/k", .notAllowed, ["aws:SourceIp": "203.0.113.1"]),
            ]),
        Example(
            name: "S3 guide: a VPC endpoint", identity: everything,
            resource:
                #"{"Sid":"Access-to-specific-VPCE-only","Principal":"*","Action":"s3:*","Effect":"Deny","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-0abcdef1234567890"}}}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/k", .allowed, ["aws:SourceVpce": "vpce-0abcdef1234567890"]),
                ask(ann, "s3:GetObject", "b/k", .denied, ["aws:SourceVpce": "vpce-1"]),
                ask(ann, "s3:GetObject", "b/k", .denied),
            ]),
        Example(
            name: "S3 guide: a VPC, or else services", identity: everything,
            resource:
                #"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"StringNotEqualsIfExists":{"aws:SourceVpc":["vpc-111","vpc-222"]},"BoolIfExists":{"aws:ViaAWSService":"false"}}}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/k", .allowed, ["aws:SourceVpc": "vpc-222"]),
                ask(ann, "s3:GetObject", "b/k", .denied, ["aws:SourceVpc": "vpc-333"]),
                ask(ann, "s3:GetObject", "b/k", .allowed, ["aws:SourceVpc": "vpc-333", "aws:ViaAWSService": "true"]),
            ]),
        Example(
            name: "S3 guide: encryption with KMS is required", identity: everything,
            resource:
                #"{"Sid":"DenyObjectsThatAreNotSSEKMS","Principal":"*","Effect":"Deny","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"Null":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"true"}}}"#,
            asks: [
                ask(
                    ann, "s3:PutObject", "b/k", .allowed,
                    ["s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:us-east-1:111122223333:key/k"]),
                ask(ann, "s3:PutObject", "b/k", .denied),
                ask(ann, "s3:PutObject", "b/k", .denied, ["s3:x-amz-server-side-encryption": "AES256"]),
                ask(ann, "s3:GetObject", "b/k", .allowed),
            ]),
        Example(
            name: "S3 guide: one KMS key is required", identity: everything,
            resource:
                #"{"Sid":"DenyOtherKeys","Principal":"*","Effect":"Deny","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"ArnNotEqualsIfExists":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"arn:aws:kms:us-east-1:111122223333:key/k"}}}"#,
            asks: [
                ask(
                    ann, "s3:PutObject", "b/k", .allowed,
                    ["s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:us-east-1:111122223333:key/k"]),
                ask(
                    ann, "s3:PutObject", "b/k", .denied,
                    ["s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:us-east-1:111122223333:key/l"]),
                // IfExists makes the condition true where the key is absent (POL-10).
                ask(ann, "s3:PutObject", "b/k", .denied),
            ]),
        Example(
            name: "S3 guide: the header of SSE is required", identity: everything,
            resource:
                #"{"Sid":"DenyIncorrectEncryptionHeader","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"AES256"}}},"#
                + #"{"Sid":"DenyUnencryptedObjectUploads","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"Null":{"s3:x-amz-server-side-encryption":"true"}}}"#,
            asks: [
                ask(ann, "s3:PutObject", "b/k", .allowed, ["s3:x-amz-server-side-encryption": "AES256"]),
                ask(ann, "s3:PutObject", "b/k", .denied, ["s3:x-amz-server-side-encryption": "aws:kms"]),
                ask(ann, "s3:PutObject", "b/k", .denied),
            ]),
        Example(
            name: "S3 guide: SSE-C is refused", identity: everything,
            resource:
                #"{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"Null":{"s3:x-amz-server-side-encryption-customer-algorithm":"false"}}}"#,
            asks: [
                ask(ann, "s3:PutObject", "b/k", .allowed),
                ask(
                    ann, "s3:PutObject", "b/k", .denied,
                    ["s3:x-amz-server-side-encryption-customer-algorithm": "AES256"]),
            ]),
        Example(
            name: "S3 guide: another account, with full control for the owner", identity: everything,
            resource:
                #"{"Sid":"PolicyForAllowUploadWithACL","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}"#,
            asks: [
                ask(otherUser, "s3:PutObject", "b/k", .allowed, ["s3:x-amz-acl": "bucket-owner-full-control"]),
                ask(otherUser, "s3:PutObject", "b/k", .notAllowed),
                ask(
                    otherUser, "s3:PutObject", "b/k", .notAllowed, ["s3:x-amz-acl": "private"]),
                ask(otherRoot, "s3:PutObject", "b/k", .allowed, ["s3:x-amz-acl": "bucket-owner-full-control"]),
                ask(otherUser, "s3:GetObject", "b/k", .notAllowed),
            ]),
        Example(
            name: "S3 guide: grants of full control by canonical ID", identity: everything,
            resource:
                #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:user/dave"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"},"#
                + #"{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::444455556666:user/dave"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringNotEquals":{"s3:x-amz-grant-full-control":"id=\#(canonicalID)"}}}"#,
            asks: [
                ask(
                    otherUser, "s3:PutObject", "b/k", .allowed,
                    ["s3:x-amz-grant-full-control": .init(stringLiteral: "id=\(canonicalID)")]),
                ask(otherUser, "s3:PutObject", "b/k", .denied),
                ask(otherUser, "s3:PutObject", "b/k", .denied, ["s3:x-amz-grant-full-control": "id=x"]),
            ]),
    ]

    static let moreBucketPolicies: [Example] = [
        Example(
            name: "S3 guide: MFA is required for a folder", identity: everything,
            resource:
                #"{"Sid":"","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/taxdocuments/*","Condition":{"Null":{"aws:MultiFactorAuthAge":true}}},"#
                + #"{"Sid":"","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/taxdocuments/*","Condition":{"NumericGreaterThan":{"aws:MultiFactorAuthAge":3600}}},"#
                + #"{"Sid":"","Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":"arn:aws:s3:::b/*"}"#,
            asks: [
                ask(ann, "s3:GetObject", "b/taxdocuments/1", .denied),
                ask(ann, "s3:GetObject", "b/taxdocuments/1", .allowed, ["aws:MultiFactorAuthAge": "100"]),
                ask(ann, "s3:GetObject", "b/taxdocuments/1", .denied, ["aws:MultiFactorAuthAge": "3601"]),
                ask(ann, "s3:GetObject", "b/other", .allowed), ask(anonymous, "s3:GetObject", "b/other", .allowed),
            ]),
        Example(
            name: "S3 guide: referer",
            resource:
                #"{"Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:GetObjectVersion"],"Resource":"arn:aws:s3:::b/*","Condition":{"StringLike":{"aws:Referer":["http://www.example.com/*","http://example.com/*"]}}}"#,
            asks: [
                ask(anonymous, "s3:GetObject", "b/k", .allowed, ["aws:Referer": "http://www.example.com/page"]),
                ask(anonymous, "s3:GetObject", "b/k", .allowed, ["aws:Referer": "http://example.com/"]),
                ask(anonymous, "s3:GetObject", "b/k", .notAllowed, ["aws:Referer": "http://evil.example/"]),
                ask(anonymous, "s3:GetObject", "b/k", .notAllowed),
            ]),
        Example(
            name: "S3 guide: objects with a tag",
            resource:
                #"{"Principal":"*","Effect":"Allow","Action":["s3:GetObject","s3:GetObjectVersion"],"Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/environment":"production"}}}"#,
            asks: [
                ask(anonymous, "s3:GetObject", "b/k", .allowed, ["s3:ExistingObjectTag/environment": "production"]),
                ask(anonymous, "s3:GetObject", "b/k", .notAllowed, ["s3:ExistingObjectTag/environment": "test"]),
                ask(anonymous, "s3:GetObject", "b/k", .notAllowed),
            ]),
        Example(
            name: "S3 guide: only some keys of tags may be written",
            resource:
                #"{"Principal":{"AWS":["arn:aws:iam::111122223333:user/ann"]},"Effect":"Allow","Action":["s3:PutObjectTagging"],"Resource":["arn:aws:s3:::b/*"],"Condition":{"ForAllValues:StringEquals":{"s3:RequestObjectTagKeys":["Owner","CreationDate"]}}}"#,
            asks: [
                ask(ann, "s3:PutObjectTagging", "b/k", .allowed, ["s3:RequestObjectTagKeys": ["Owner"]]),
                ask(
                    ann, "s3:PutObjectTagging", "b/k", .allowed, ["s3:RequestObjectTagKeys": ["CreationDate", "Owner"]]),
                ask(ann, "s3:PutObjectTagging", "b/k", .notAllowed, ["s3:RequestObjectTagKeys": ["Owner", "x"]]),
                ask(ann, "s3:PutObjectTagging", "b/k", .allowed),
            ]),
        Example(
            name: "S3 guide: a tag with a value is required",
            resource:
                #"{"Principal":{"AWS":["arn:aws:iam::111122223333:user/ann"]},"Effect":"Allow","Action":["s3:PutObject"],"Resource":["arn:aws:s3:::b/*"],"Condition":{"StringEquals":{"s3:RequestObjectTag/Department":"Finance"}}}"#,
            asks: [
                ask(ann, "s3:PutObject", "b/k", .allowed, ["s3:RequestObjectTag/Department": "Finance"]),
                ask(ann, "s3:PutObject", "b/k", .notAllowed, ["s3:RequestObjectTag/Department": "Sales"]),
                ask(ann, "s3:PutObject", "b/k", .notAllowed),
            ]),
        Example(
            name: "S3 guide: one listing of a prefix", identity: everything,
            resource:
                #"{"Sid":"statement1","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:user/dave"},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::b","Condition":{"StringEquals":{"s3:prefix":"projects"}}},"#
                + #"{"Sid":"statement2","Effect":"Deny","Principal":{"AWS":"arn:aws:iam::444455556666:user/dave"},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::b","Condition":{"StringNotEquals":{"s3:prefix":"projects"}}}"#,
            asks: [
                ask(otherUser, "s3:ListBucket", "b", .allowed, ["s3:prefix": "projects"]),
                ask(otherUser, "s3:ListBucket", "b", .denied, ["s3:prefix": "projects/x"]),
                ask(otherUser, "s3:ListBucket", "b", .denied),
                ask(otherUser, "s3:GetObject", "b/projects", .notAllowed),
            ]),
        Example(
            name: "S3 guide: how many keys a listing gives", identity: everything,
            resource:
                #"{"Sid":"max","Effect":"Deny","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b","Condition":{"NumericGreaterThan":{"s3:max-keys":"10"}}}"#,
            asks: [
                ask(ann, "s3:ListBucket", "b", .allowed, ["s3:max-keys": "10"]),
                ask(ann, "s3:ListBucket", "b", .denied, ["s3:max-keys": "11"]),
                ask(ann, "s3:ListBucket", "b", .allowed),
            ]),
        Example(
            name: "S3 guide: one version of an object", identity: everything,
            resource:
                #"{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"},"Action":["s3:GetObjectVersion"],"Resource":"arn:aws:s3:::b/k","Condition":{"StringNotEquals":{"s3:VersionId":"v1"}}}"#,
            asks: [
                ask(ann, "s3:GetObjectVersion", "b/k", .allowed, ["s3:versionid": "v1"]),
                ask(ann, "s3:GetObjectVersion", "b/k", .denied, ["s3:versionid": "v2"]),
                ask(bob, "s3:GetObjectVersion", "b/k", .allowed, ["s3:versionid": "v2"]),
            ]),
        Example(
            name: "S3 guide: copies of one source only", identity: everything,
            resource:
                #"{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringNotLike":{"s3:x-amz-copy-source":"b/public/*"}}}"#,
            asks: [
                ask(ann, "s3:PutObject", "b/k", .allowed, ["s3:x-amz-copy-source": "b/public/x"]),
                ask(ann, "s3:PutObject", "b/k", .denied, ["s3:x-amz-copy-source": "b/private/x"]),
                ask(ann, "s3:PutObject", "b/k", .denied),
            ]),
        Example(
            name: "S3 guide: a storage class", identity: everything,
            resource:
                #"{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringNotEquals":{"s3:x-amz-storage-class":["STANDARD_IA"]}}}"#,
            asks: [
                ask(ann, "s3:PutObject", "b/k", .allowed, ["s3:x-amz-storage-class": "STANDARD_IA"]),
                ask(ann, "s3:PutObject", "b/k", .denied, ["s3:x-amz-storage-class": "GLACIER"]),
                ask(ann, "s3:PutObject", "b/k", .denied),
            ]),
        Example(
            name: "S3 guide: limits of retention", identity: everything,
            resource:
                #"{"Sid":"SetRetentionLimits","Effect":"Deny","Principal":"*","Action":["s3:PutObjectRetention"],"Resource":"arn:aws:s3:::b/*","Condition":{"NumericGreaterThan":{"s3:object-lock-remaining-retention-days":"10"}}}"#,
            asks: [
                ask(ann, "s3:PutObjectRetention", "b/k", .allowed, ["s3:object-lock-remaining-retention-days": "10"]),
                ask(ann, "s3:PutObjectRetention", "b/k", .denied, ["s3:object-lock-remaining-retention-days": "11"]),
                ask(root, "s3:PutObjectRetention", "b/k", .denied, ["s3:object-lock-remaining-retention-days": "365"]),
            ]),
        Example(
            name: "S3 guide: presigned URLs get old", identity: everything,
            resource:
                #"{"Sid":"Deny a presigned URL request if the signature is more than 10 min old","Effect":"Deny","Principal":{"AWS":"*"},"Action":"s3:*","Resource":"arn:aws:s3:::b/*","Condition":{"NumericGreaterThan":{"s3:signatureAge":600000}}},"#
                + #"{"Sid":"header","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringNotEquals":{"s3:authType":"REST-HEADER"}}}"#,
            asks: [
                ask(
                    ann, "s3:GetObject", "b/k", .allowed,
                    ["s3:signatureAge": "600000", "s3:authType": "REST-QUERY-STRING"]),
                ask(
                    ann, "s3:GetObject", "b/k", .denied,
                    ["s3:signatureAge": "600001", "s3:authType": "REST-QUERY-STRING"]),
                ask(ann, "s3:PutObject", "b/k", .denied, ["s3:signatureAge": "1", "s3:authType": "REST-QUERY-STRING"]),
                ask(ann, "s3:PutObject", "b/k", .allowed, ["s3:authType": "REST-HEADER"]),
                ask(ann, "s3:GetObject", "b/k", .allowed, ["s3:authType": "REST-HEADER"]),
            ]),
        Example(
            name: "S3 guide: an organization",
            identity: everything,
            resource:
                #"{"Sid":"OrgWideAccess","Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"aws:PrincipalOrgID":["o-xxxxxxxxxx"]}}}"#,
            asks: [
                ask(otherUser, "s3:GetObject", "b/k", .allowed, ["aws:PrincipalOrgID": "o-xxxxxxxxxx"]),
                ask(otherUser, "s3:GetObject", "b/k", .notAllowed, ["aws:PrincipalOrgID": "o-y"]),
                ask(anonymous, "s3:GetObject", "b/k", .notAllowed),
            ]),
        Example(
            name: "S3 guide: replication from another account", identity: everything,
            resource:
                #"{"Sid":"Set-permissions-for-objects","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/writer"},"Action":["s3:ReplicateObject","s3:ReplicateDelete"],"Resource":"arn:aws:s3:::b/*"},"#
                + #"{"Sid":"Set-permissions-on-bucket","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/writer"},"Action":["s3:GetBucketVersioning","s3:PutBucketVersioning"],"Resource":"arn:aws:s3:::b"},"#
                + #"{"Sid":"override","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":["s3:ObjectOwnerOverrideToBucketOwner"],"Resource":"arn:aws:s3:::b/*"}"#,
            asks: [
                ask(otherRole, "s3:ReplicateObject", "b/k", .allowed),
                ask(otherRole, "s3:ReplicateDelete", "b/k", .allowed),
                ask(otherRole, "s3:ReplicateTags", "b/k", .notAllowed),
                ask(otherRole, "s3:GetBucketVersioning", "b", .allowed),
                ask(otherRole, "s3:ObjectOwnerOverrideToBucketOwner", "b/k", .allowed),
                ask(otherUser, "s3:ReplicateObject", "b/k", .notAllowed),
                ask(otherRole, "s3:PutObject", "b/k", .notAllowed),
            ]),
        Example(
            name: "S3 guide: access points decide", identity: everything,
            resource:
                #"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"StringEquals":{"s3:DataAccessPointAccount":"111122223333"}}}"#,
            asks: [
                ask(otherUser, "s3:GetObject", "b/k", .allowed, ["s3:DataAccessPointAccount": "111122223333"]),
                ask(otherUser, "s3:GetObject", "b/k", .notAllowed, ["s3:DataAccessPointAccount": "444455556666"]),
                ask(otherUser, "s3:GetObject", "b/k", .notAllowed),
            ]),
        Example(
            name: "S3 guide: new objects only with If-None-Match", identity: everything,
            resource:
                #"{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"Null":{"s3:if-none-match":"true"},"Bool":{"s3:ObjectCreationOperation":"true"}}}"#,
            asks: [
                ask(
                    ann, "s3:PutObject", "b/k", .allowed,
                    ["s3:if-none-match": "*", "s3:ObjectCreationOperation": "true"]),
                ask(ann, "s3:PutObject", "b/k", .denied, ["s3:ObjectCreationOperation": "true"]),
                ask(ann, "s3:PutObject", "b/k", .allowed, ["s3:ObjectCreationOperation": "false"]),
            ]),
        Example(
            name: "S3 guide: users by their ID", identity: everything,
            resource:
                #"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"StringNotLike":{"aws:userId":["AROAREADERAAAAAAAAAAA:*","AIDAANNAAAAAAAAAAAAAA","111122223333"]}}}"#,
            asks: [
                ask(role, "s3:GetObject", "b/k", .allowed, ["aws:userid": "AROAREADERAAAAAAAAAAA:s1"]),
                ask(ann, "s3:GetObject", "b/k", .allowed, ["aws:userid": "AIDAANNAAAAAAAAAAAAAA"]),
                ask(root, "s3:GetObject", "b/k", .allowed, ["aws:userid": "111122223333"]),
                ask(bob, "s3:GetObject", "b/k", .denied, ["aws:userid": "AIDABOBAAAAAAAAAAAAAA"]),
                ask(bob, "s3:GetObject", "b/k", .denied),
            ]),
    ]
}
