import TernPolicy
import Testing

/// What S3 refuses in the policy of a bucket that other services could take (POL-12, s3-api §12.3).
@Suite struct BucketPolicyProblemTests {
    struct Row: Sendable, CustomTestStringConvertible {
        /// With commas between several.
        var actions: String
        var resources: String
        var condition: String?
        var problem: BucketPolicyProblem?
        var testDescription: String {
            "\(self.actions) on \(self.resources) if \(self.condition ?? "-"): \(self.problem?.text ?? "good")"
        }

        init(
            _ actions: String, _ resources: String, if condition: String? = nil, _ problem: BucketPolicyProblem? = nil
        ) {
            self.actions = actions
            self.resources = resources
            self.condition = condition
            self.problem = problem
        }
    }

    static let both = "arn:aws:s3:::bucket,arn:aws:s3:::bucket/*"
    static let bucket = "arn:aws:s3:::bucket"
    static let objects = "arn:aws:s3:::bucket/*"

    static let rows: [Row] = [
        // Names of actions.
        Row("s3:GetObject", objects), Row("S3:GETOBJECT", objects), Row("s3:*", both), Row("*", objects),
        Row("s3:Get*", bucket), Row("s3:PutObject?cl", objects), Row("s3:*Object", objects),
        Row("s3:GetObjekt", objects, .invalidAction), Row("kms:Decrypt", objects, .invalidAction),
        Row("s3:GetObject,ec2:RunInstances", objects, .invalidAction), Row("s4:*", objects, .invalidAction),
        Row("s3:ReplicateObject,s3:ReplicateDelete,s3:ReplicateTags,s3:ObjectOwnerOverrideToBucketOwner", objects),
        Row("s3:InitiateReplication,s3:GetObjectVersionForReplication", objects),
        // Resources.
        Row("s3:GetObject", "arn:aws:s3:::bucket/a/b.jpg"),
        Row("s3:GetObject", "arn:aws:s3:::bucket/${aws:username}/*"),
        Row("s3:GetObject", "arn:aws:s3:::bucket*"), Row("s3:*", "arn:aws:s3:::*"),
        Row("s3:GetObject", "arn:aws:s3:::b?cket/*"), Row("s3:GetObject", "arn:aws:s3:::buc*.jpg"),
        Row("s3:ListBucket", "arn:aws:s3:::b*t"), Row("s3:GetObject", "arn:aws:s3:::bucket/"),
        Row("s3:GetObject", "*", .invalidResource), Row("s3:GetObject", "arn:aws:s3:::other/*", .invalidResource),
        Row("s3:GetObject", "arn:aws:s3:::bucket2", .invalidResource),
        Row("s3:GetObject", "arn:aws:s3:::bucke/*", .invalidResource),
        Row("s3:GetObject", "arn:aws:s3:::bucket?", .invalidResource),
        Row("s3:GetObject", "arn:aws:s3:us-east-1::bucket/*", .invalidResource),
        Row("s3:GetObject", "arn:aws:sqs:::bucket/*", .invalidResource),
        Row("s3:GetObject", "arn:aws:s3:::${aws:username}/*", .invalidResource),
        Row("s3:GetObject", objects + ",arn:aws:s3:::other/*", .invalidResource),
        // Levels.
        Row("s3:GetObject", bucket, .actionWithoutResource), Row("s3:ListBucket", objects, .actionWithoutResource),
        Row("s3:GetObject,s3:ListBucket", both), Row("s3:GetObject,s3:ListBucket", objects, .actionWithoutResource),
        Row("s3:List*", bucket), Row("s3:ListAllMyBuckets", both, .actionWithoutResource),
        Row("s3:CreateJob", both, .actionWithoutResource), Row("s3:PutReplicationConfiguration", bucket),
        Row("s3:DeleteBucketPolicy", objects, .actionWithoutResource),
        Row("s3:ListMultipartUploadParts,s3:AbortMultipartUpload", objects),
        Row("s3:ListBucketMultipartUploads", bucket),
        // Keys and actions: each action needs to have the key.
        Row("s3:ListBucket", bucket, if: #""StringLike":{"s3:prefix":"a/*"}"#),
        Row("s3:ListBucket,s3:ListBucketVersions", bucket, if: #""NumericLessThanEquals":{"s3:max-keys":"10"}"#),
        Row("s3:GetObject", objects, if: #""StringLike":{"s3:prefix":"a/*"}"#, .conditionWithoutAction),
        Row("s3:GetObject,s3:ListBucket", both, if: #""StringLike":{"s3:prefix":"a/*"}"#, .conditionWithoutAction),
        Row("s3:ListBucketMultipartUploads", bucket, if: #""StringLike":{"S3:Prefix":"a/*"}"#, .conditionWithoutAction),
        Row("s3:PutObject", objects, if: #""StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}"#),
        Row(
            "s3:GetObject,s3:PutObject", objects, if: #""StringEquals":{"s3:x-amz-acl":"private"}"#,
            .conditionWithoutAction),
        Row(
            "s3:GetObject,s3:PutObject", objects, if: #""Null":{"s3:x-amz-server-side-encryption":"true"}"#,
            .conditionWithoutAction),
        Row("s3:PutObject", objects, if: #""StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}"#),
        Row("s3:ReplicateObject", objects, if: #""StringEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}"#),
        Row(
            "s3:PutObject", objects,
            if:
                #""StringLike":{"s3:x-amz-copy-source":"src/public/*"},"StringEquals":{"s3:x-amz-metadata-directive":"COPY"}"#
        ),
        Row("s3:GetObject", objects, if: #""StringLike":{"s3:x-amz-copy-source":"src/*"}"#, .conditionWithoutAction),
        Row(
            "s3:GetObject,s3:GetObjectVersion", objects,
            if: #""StringEquals":{"s3:ExistingObjectTag/security":"public"}"#),
        Row("s3:GetObjectAttributes", objects, if: #""StringEquals":{"s3:ExistingObjectTag/a":"b"}"#),
        Row("s3:PutObject", objects, if: #""StringEquals":{"s3:ExistingObjectTag/a":"b"}"#, .conditionWithoutAction),
        Row("s3:DeleteObject", objects, if: #""StringEquals":{"s3:ExistingObjectTag/a":"b"}"#, .conditionWithoutAction),
        Row(
            "s3:GetObjectRetention", objects, if: #""StringEquals":{"s3:ExistingObjectTag/a":"b"}"#,
            .conditionWithoutAction),
        Row(
            "s3:BypassGovernanceRetention", objects, if: #""StringEquals":{"s3:ExistingObjectTag/a":"b"}"#,
            .conditionWithoutAction),
        Row(
            "s3:PutObjectTagging", objects,
            if: #""StringEquals":{"s3:RequestObjectTag/a":"b","s3:ExistingObjectTag/a":"c"}"#),
        Row(
            "s3:PutObjectAcl,s3:PutObjectTagging", objects, if: #""StringEquals":{"s3:RequestObjectTag/a":"b"}"#,
            .conditionWithoutAction),
        Row(
            "s3:PutObjectLegalHold", objects, if: #""StringEquals":{"s3:RequestObjectTag/a":"b"}"#,
            .conditionWithoutAction),
        Row(
            "s3:PutObjectRetention", objects,
            if: #""NumericGreaterThan":{"s3:object-lock-remaining-retention-days":"10"}"#),
        Row(
            "s3:GetObject", objects, if: #""StringEquals":{"s3:object-lock-mode":"GOVERNANCE"}"#,
            .conditionWithoutAction),
        Row("s3:GetObjectVersion,s3:DeleteObjectVersion", objects, if: #""StringEquals":{"s3:VersionId":"x"}"#),
        Row("s3:GetObject", objects, if: #""StringEquals":{"s3:VersionId":"x"}"#, .conditionWithoutAction),
        Row(
            "s3:PutInventoryConfiguration", bucket,
            if: #""ForAllValues:StringEquals":{"s3:InventoryAccessibleOptionalFields":"Size"}"#),
        // The key's action is named, but the statement has no resource for it.
        Row("s3:*", objects, if: #""StringLike":{"s3:prefix":"a/*"}"#, .conditionWithoutAction),
        Row("s3:*", both, if: #""StringLike":{"s3:prefix":"a/*"}"#),
        Row("s3:Put*", objects, if: #""StringEquals":{"s3:x-amz-acl":"private"}"#),
        // Keys of all actions, and keys that nobody knows.
        Row("s3:GetObject", objects, if: #""Bool":{"aws:SecureTransport":"false"}"#),
        Row("s3:ListBucket", bucket, if: #""NumericLessThan":{"s3:TlsVersion":"1.2","s3:signatureAge":"600000"}"#),
        Row("s3:GetObject", objects, if: #""StringEquals":{"s3:DataAccessPointAccount":"111122223333"}"#),
        Row("s3:GetObject", objects, if: #""StringEquals":{"s3:Unheard":"x","other:key/x":"y"}"#),
    ]

    @Test("POL-12, s3-api §12.3: actions, resources and conditions that do not fit each other", arguments: rows)
    func problem(_ row: Row) throws {
        func list(_ texts: String) -> String { texts.split(separator: ",").map { "\"\($0)\"" }.joined(separator: ",") }
        let json =
            #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":[\#(list(row.actions))],"#
            + #""Resource":[\#(list(row.resources))]\#(row.condition.map { #","Condition":{\#($0)}"# } ?? "")}}"#
        let policy = try PolicyDocument(json: Array(json.utf8), kind: .bucket)
        #expect(policy.problem(asPolicyOf: "bucket") == row.problem)
    }

    @Test("NotAction and NotResource mean nearly everything: names are checked, levels are not")
    func negated() throws {
        func problem(_ elements: String) throws -> BucketPolicyProblem? {
            let json = #"{"Statement":{"Effect":"Deny","Principal":"*",\#(elements)}}"#
            return try PolicyDocument(json: Array(json.utf8), kind: .bucket).problem(asPolicyOf: "bucket")
        }
        #expect(try problem(#""NotAction":"s3:GetObject","Resource":"arn:aws:s3:::bucket""#) == nil)
        #expect(try problem(#""NotAction":"s3:Nothing","Resource":"arn:aws:s3:::bucket""#) == .invalidAction)
        #expect(try problem(#""Action":"s3:ListBucket","NotResource":"arn:aws:s3:::bucket/*""#) == nil)
        #expect(try problem(#""Action":"s3:ListBucket","NotResource":"arn:aws:s3:::other/*""#) == .invalidResource)
    }

    @Test("The first statement with a fault decides")
    func several() throws {
        func statement(_ action: String, _ resource: String) -> String {
            #"{"Effect":"Allow","Principal":"*","Action":"\#(action)","Resource":"arn:aws:s3:::\#(resource)"}"#
        }
        let good = statement("s3:GetObject", "bucket/*")
        let json = "{\"Statement\":[\(good),\(statement("s3:GetObject", "bucket")),\(statement("s3:X", "y"))]}"
        #expect(
            try PolicyDocument(json: Array(json.utf8), kind: .bucket).problem(asPolicyOf: "bucket")
                == .actionWithoutResource)
    }

    @Test("Patterns of 20 KiB end", arguments: ["*", "*a", "?", "*?", "bucket/*"])
    func hostile(_ part: String) throws {
        let resource = "arn:aws:s3:::" + String(repeating: part, count: 19_000 / part.utf8.count)
        let json = #"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"\#(resource)"}}"#
        let policy = try PolicyDocument(json: Array(json.utf8), kind: .bucket)
        let clock = ContinuousClock()
        let start = clock.now
        _ = policy.problem(asPolicyOf: String(repeating: "a", count: 63))
        #expect(start.duration(to: clock.now) < .seconds(10))
    }
}
