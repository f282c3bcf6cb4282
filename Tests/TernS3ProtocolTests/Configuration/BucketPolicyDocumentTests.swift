import TernCore
import TernS3Protocol
import Testing

/// Spec s3-api §9.3, §12.3.
@Suite struct BucketPolicyDocumentTests {
    private static func statement(
        effect: String = "Allow", principal: String = #""*""#, action: String = "s3:GetObject",
        resource: String = "arn:aws:s3:::b/*", condition: String? = nil
    ) -> String {
        #"{"Effect": "\#(effect)", "Principal": \#(principal), "Action": "\#(action)", "Resource": "\#(resource)""#
            + (condition.map { #", "Condition": \#($0)"# } ?? "") + "}"
    }

    private static func policy(_ statements: String...) -> [UInt8] {
        bytes(#"{"Version": "2012-10-17", "Statement": [\#(statements.joined(separator: ","))]}"#)
    }

    @Test(
        "§9.3: a statement that allows is limited by fixed principals, or by a condition on whom it means",
        arguments: [
            (statement(), true),
            (statement(effect: "Deny"), false),
            (statement(principal: #"{"AWS": "*"}"#), true),
            (statement(principal: #"{"AWS": "111111111111"}"#), false),
            (statement(principal: #"{"AWS": ["111111111111", "*"]}"#), true),
            (statement(principal: #"{"Service": "logging.s3.amazonaws.com"}"#), false),
            (statement(condition: #"{"StringEquals": {"aws:PrincipalOrgID": "o-1"}}"#), false),
            (statement(condition: #"{"StringEquals": {"AWS:principalOrgID": "o-1"}}"#), false),
            (statement(condition: #"{"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}"#), true),
            (statement(condition: #"{"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}"#), true),
            (statement(condition: #"{"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}"#), true),
            (statement(condition: #"{"StringEquals": {"aws:SourceVpc": "${aws:username}"}}"#), true),
            (statement(condition: #"{"StringEquals": {"aws:userid": "AROAEXAMPLE:*"}}"#), true),
            (statement(condition: #"{"StringEquals": {"aws:UserAgent": "x"}}"#), true),
            (statement(condition: #"{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#), false),
            (statement(condition: #"{"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}"#), true),
            (statement(condition: #"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#), true),
            (statement(condition: #"{"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "8.8.8.8"]}}"#), false),
            (statement(condition: #"{"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}"#), false),
            (statement(condition: #"{"IpAddress": {"aws:SourceIp": "2001::/16"}}"#), true),
            (
                statement(
                    condition: #"{"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:r:111111111111:accesspoint/*"}}"#),
                false
            ),
            // One open statement is enough.
            (statement(principal: #"{"AWS": "111111111111"}"#) + "," + statement(), true),
        ] as [(String, Bool)])
    func publicPolicies(_ statements: String, _ isPublic: Bool) throws {
        #expect(try BucketPolicyDocument(Self.policy(statements), bucket: "b").isPublic == isPublic)
    }

    @Test(
        "§12.3: which faults are found",
        arguments: [
            ("  ", "Policies must be valid JSON and the first byte must be '{'"),
            ("{", "This policy contains invalid Json"),
            (#"{"Statement": 1}"#, "Invalid policy syntax."),
            (#"{"Statement": []}"#, "Could not parse the policy: Statement is empty!"),
            (#"{"Id": "x"}"#, "Missing required field Statement"),
            (#"{"Version": 2012, "Statement": []}"#, "The policy must contain a valid version string"),
            (#"{"Statement": [{"Effect": "Allow"}]}"#, "Missing required field Principal"),
            (#"{"Statement": {"Principal": "*"}}"#, "Missing required field Effect"),
            (#"{"Statement": [\#(statement(principal: #""someone""#))]}"#, "Invalid principal in policy"),
            (
                #"{"Statement": [\#(statement(principal: #"{"AWS": "arn:aws:iam::1:root"}"#))]}"#,
                "Invalid principal in policy"
            ),
            (#"{"Statement": [\#(statement(action: "ec2:Run"))]}"#, "Policy has invalid action"),
            (#"{"Statement": [\#(statement(resource: "*"))]}"#, "Policy has invalid resource"),
            (#"{"Statement": [\#(statement(resource: "arn:aws:s3:::bb/*"))]}"#, "Policy has invalid resource"),
            (
                #"{"Statement": [\#(statement(resource: "arn:aws:s3:::b"))]}"#,
                "Action does not apply to any resource(s) in statement"
            ),
        ] as [(String, String)])
    func faults(_ document: String, _ message: String) {
        #expect(
            s3Error { _ = try BucketPolicyDocument(bytes(document), bucket: "b") } == .malformedPolicy(message))
    }

    @Test(
        "§12.3: wildcards in actions and resources",
        arguments: [
            ("s3:*", "arn:aws:s3:::b"), ("s3:*", "arn:aws:s3:::b/*"), ("*", "arn:aws:s3:::b/x?"),
            ("S3:getobject", "arn:aws:s3:::b*"), ("s3:List*", "arn:aws:s3:::b"),
            ("s3:PutObject?cl", "arn:aws:s3:::b/*"),
        ])
    func wildcards(_ action: String, _ resource: String) {
        #expect(throws: Never.self) {
            try BucketPolicyDocument(
                Self.policy(Self.statement(action: action, resource: resource)), bucket: "b")
        }
    }

    @Test("§12.3: the accounts that a policy names")
    func accounts() throws {
        let principal = #"{"AWS": ["111111111111", "arn:aws:iam::222222222222:role/r", "*"]}"#
        let policy = try BucketPolicyDocument(Self.policy(Self.statement(principal: principal)), bucket: "b")
        #expect(policy.namedAccounts.map(\.description).sorted() == ["111111111111", "222222222222"])
    }
}
