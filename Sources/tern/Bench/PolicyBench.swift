import TernCore
import TernPolicy

/// What a decision by policies costs one processor: a bucket's policy with three statements, and a user's with five.
enum PolicyBench {
    /// Each sample is the mean of so many decisions.
    private static let batch = 1000

    static func measure() throws(PolicyProblem) -> [BenchResult] {
        let evaluation = PolicyEvaluation(
            identity: [try CompiledPolicy(json: Array(self.userPolicy.utf8), kind: .identity, name: "user")],
            resource: try CompiledPolicy(json: Array(self.bucketPolicy.utf8), kind: .bucket, name: "bucket"))
        let user = "arn:aws:iam::\(self.account):user/ann"
        let caller = PolicyCaller(kind: .user(arn: user, uniqueID: "AIDAAAAAAAAAAAAAAAAAA"), account: self.account)
        func request(_ action: String, _ resource: String) -> PolicyRequest {
            PolicyRequest(
                caller: caller, action: action, resource: resource, resourceAccount: self.account,
                context: self.context)
        }
        let object = "arn:aws:s3:::bucket/home/ann/photos/2026/january/image-000123.jpg"
        let get = request("s3:GetObject", object)
        return [
            self.measure("policies: GET allowed") { evaluation.decide(get).isAllowed },
            self.measure("policies: PUT denied, and the making of its request") {
                !evaluation.decide(request("s3:PutObject", object)).isAllowed
            },
        ]
    }

    private static func measure(_ name: String, _ isAsExpected: () -> Bool) -> BenchResult {
        let clock = ContinuousClock()
        var milliseconds: [Double] = []
        var errors = 0
        let start = clock.now
        while start.duration(to: clock.now) < .seconds(1) {
            let begin = clock.now
            for _ in 0..<self.batch where !isAsExpected() { errors += 1 }
            milliseconds.append(Self.seconds(begin.duration(to: clock.now)) * 1000 / Double(self.batch))
        }
        let seconds = Self.seconds(start.duration(to: clock.now))
        let decisions = milliseconds.count * self.batch
        var result = BenchResult(
            name: name, milliseconds: milliseconds, errors: errors, seconds: seconds, byteCount: 0)
        result.operations = decisions
        result.operationsPerSecond = Double(decisions) / seconds
        result.ratios["1 ns"] = (seconds * 1e9 / Double(decisions)).rounded()
        return result
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }

    // MARK: What is asked

    private static let account = AccountID(trusted: "111111111111")

    private static let bucketPolicy = #"""
        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Deny", "Principal": "*", "Action": "s3:*",
           "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"],
           "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
          {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*",
           "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}},
          {"Effect": "Allow", "Principal": {"AWS": ["222222222222", "arn:aws:iam::111111111111:role/reader"]},
           "Action": ["s3:GetObject", "s3:ListBucket"],
           "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"]}
        ]}
        """#

    private static let userPolicy = #"""
        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": ["s3:ListAllMyBuckets", "s3:GetBucketLocation"], "Resource": "*"},
          {"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"],
           "Resource": ["arn:aws:s3:::logs-*", "arn:aws:s3:::logs-*/*"]},
          {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
           "Resource": "arn:aws:kms:*:111111111111:key/*"},
          {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "arn:aws:s3:::bucket/archive/*"},
          {"Effect": "Allow", "Action": ["s3:*Object", "s3:*ObjectTagging"],
           "Resource": "arn:aws:s3:::bucket/home/${aws:username}/*",
           "Condition": {"StringLike": {"aws:UserAgent": "aws-*"}}}
        ]}
        """#

    private static let context: PolicyContext = [
        "aws:currenttime": ["2026-01-01T00:00:00.000Z"], "aws:epochtime": ["1767225600"],
        "aws:securetransport": ["true"], "aws:sourceip": ["192.0.2.1"], "aws:useragent": ["aws-cli/2.31"],
        "aws:requestedregion": ["us-east-1"], "aws:principalarn": ["arn:aws:iam::111111111111:user/ann"],
        "aws:principalaccount": ["111111111111"], "aws:principaltype": ["User"],
        "aws:userid": ["AIDAAAAAAAAAAAAAAAAAA"], "aws:username": ["ann"], "aws:resourceaccount": ["111111111111"],
        "s3:authtype": ["REST-HEADER"], "s3:signatureversion": ["AWS4-HMAC-SHA256"],
    ]
}
