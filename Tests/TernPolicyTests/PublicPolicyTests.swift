import TernPolicy
import Testing

/// What Block Public Access takes for public (s3-api §9.3).
@Suite struct PublicPolicyTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var statements: String
        var isPublic: Bool
        var testDescription: String { "\(self.isPublic ? "public" : "not public"): \(self.statements)" }
    }

    private static func row(
        _ isPublic: Bool, effect: String = "Allow", principal: String = #""Principal":"*""#, condition: String? = nil
    ) -> Row {
        Row(
            statements: #"{"Effect":"\#(effect)",\#(principal),"Action":"s3:GetObject","#
                + #""Resource":"arn:aws:s3:::b/*""# + (condition.map { #","Condition":{\#($0)}"# } ?? "") + "}",
            isPublic: isPublic)
    }

    private static func aws(_ names: String) -> String { #""Principal":{"AWS":\#(names)}"# }

    static let rows: [Row] = [
        // Principals.
        row(true),
        row(false, effect: "Deny"),
        row(true, principal: aws(#""*""#)),
        row(false, principal: aws(#""111122223333""#)),
        row(false, principal: aws(#""arn:aws:iam::111122223333:root""#)),
        row(false, principal: aws(#"["arn:aws:iam::111122223333:user/u","arn:aws:iam::111122223333:role/r"]"#)),
        row(false, principal: aws(#""arn:aws:sts::111122223333:assumed-role/r/s""#)),
        row(true, principal: aws(#"["111122223333","*"]"#)),
        row(true, principal: #""Principal":{"AWS":"*","Service":"s3.amazonaws.com"}"#),
        row(false, principal: #""Principal":{"Service":"logging.s3.amazonaws.com"}"#),
        row(false, principal: #""Principal":{"CanonicalUser":"\#(String(repeating: "a", count: 64))"}"#),
        row(true, principal: #""NotPrincipal":{"AWS":"111122223333"}"#),
        row(false, effect: "Deny", principal: #""NotPrincipal":{"AWS":"111122223333"}"#),
        // Keys with fixed values.
        row(false, condition: #""StringEquals":{"aws:PrincipalOrgID":"o-1"}"#),
        row(false, condition: #""StringEquals":{"AWS:PRINCIPALORGID":"o-1"}"#),
        row(false, condition: #""StringEquals":{"aws:PrincipalAccount":["111122223333","444455556666"]}"#),
        row(false, condition: #""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/r"}"#),
        row(false, condition: #""ArnEquals":{"aws:SourceArn":"arn:aws:s3:::source"}"#),
        row(false, condition: #""StringEquals":{"aws:SourceVpc":"vpc-1"}"#),
        row(false, condition: #""StringEquals":{"aws:SourceVpce":["vpce-1","vpce-2"]}"#),
        row(false, condition: #""StringEqualsIgnoreCase":{"aws:SourceOwner":"111122223333"}"#),
        row(false, condition: #""StringLike":{"aws:SourceAccount":"111122223333"}"#),
        row(false, condition: #""StringEquals":{"aws:userid":"AIDAAAAAAAAAAAAAAAAAA"}"#),
        row(
            false,
            condition: #""StringEquals":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"arn:aws:kms:r:1:key/k"}"#),
        row(false, condition: #""StringEquals":{"s3:DataAccessPointAccount":"111122223333"}"#),
        row(
            false,
            condition: #""StringEquals":{"s3:DataAccessPointArn":"arn:aws:s3:us-west-2:111122223333:accesspoint/a"}"#),
        row(
            false,
            condition: #""StringLike":{"s3:DataAccessPointArn":"arn:aws:s3:us-west-2:111122223333:accesspoint/*"}"#),
        row(false, condition: #""ForAnyValue:StringEquals":{"aws:SourceVpc":"vpc-1"}"#),
        // One key that limits is enough, whatever stands beside it.
        row(false, condition: #""Bool":{"aws:SecureTransport":"true"},"StringEquals":{"aws:SourceVpc":"vpc-1"}"#),
        // Values that are not fixed.
        row(true, condition: #""StringLike":{"aws:SourceVpc":"vpc-*"}"#),
        row(true, condition: #""StringLike":{"aws:SourceVpc":["vpc-1","vpc-?"]}"#),
        row(true, condition: #""StringEquals":{"aws:SourceVpc":"${aws:username}"}"#),
        row(true, condition: #""StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:root"}"#),
        row(true, condition: #""StringLike":{"aws:userid":"AROAAAAAAAAAAAAAAAAAA:*"}"#),
        row(true, condition: #""StringLike":{"s3:DataAccessPointArn":"arn:aws:s3:us-west-2:*:accesspoint/a"}"#),
        row(true, condition: #""StringLike":{"s3:DataAccessPointArn":"*"}"#),
        row(true, condition: #""StringEquals":{"aws:SourceVpc":""}"#),
        // Operators that do not limit to what is named.
        row(true, condition: #""StringNotEquals":{"aws:SourceVpc":"vpc-1"}"#),
        row(true, condition: #""StringEqualsIfExists":{"aws:SourceVpc":"vpc-1"}"#),
        row(true, condition: #""ForAllValues:StringEquals":{"aws:SourceVpc":"vpc-1"}"#),
        row(true, condition: #""Null":{"aws:SourceVpc":"false"}"#),
        row(true, condition: #""NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}"#),
        // Keys that say nothing about who.
        row(true, condition: #""Bool":{"aws:SecureTransport":"true"}"#),
        row(true, condition: #""StringEquals":{"s3:ExistingObjectTag/public":"yes"}"#),
        row(true, condition: #""StringLike":{"aws:Referer":"http://www.example.com/x"}"#),
        row(true, condition: #""StringEquals":{"aws:UserAgent":"x"}"#),
        row(true, condition: #""DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}"#),
        // Addresses: not broader than /8, or /32 of IPv6.
        row(false, condition: #""IpAddress":{"aws:SourceIp":"203.0.113.7"}"#),
        row(false, condition: #""IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:db8::/32"]}"#),
        row(false, condition: #""IpAddress":{"aws:SourceIp":"54.0.0.0/8"}"#),
        row(true, condition: #""IpAddress":{"aws:SourceIp":"54.0.0.0/7"}"#),
        row(true, condition: #""IpAddress":{"aws:SourceIp":"0.0.0.0/1"}"#),
        row(true, condition: #""IpAddress":{"aws:SourceIp":["203.0.113.0/24","0.0.0.0/0"]}"#),
        row(true, condition: #""IpAddress":{"aws:SourceIp":"2001::/31"}"#),
        row(false, condition: #""IpAddress":{"aws:SourceIp":["10.0.0.0/8","172.16.0.0/12","192.168.0.0/16"]}"#),
        row(true, condition: #""IpAddress":{"aws:SourceIp":["10.0.0.0/8","::/0"]}"#),
        // One open statement is enough.
        Row(
            statements: row(false, principal: aws(#""111122223333""#)).statements + "," + row(true).statements,
            isPublic: true),
        Row(statements: row(false, effect: "Deny").statements + "," + row(true).statements, isPublic: true),
        Row(
            statements: row(false, principal: aws(#""111122223333""#)).statements + ","
                + row(false, effect: "Deny").statements, isPublic: false),
    ]

    @Test(
        "§9.3: a statement that allows is limited by fixed principals, or by a condition on whom it means",
        arguments: rows)
    func isPublic(_ row: Row) throws {
        let json = #"{"Version":"2012-10-17","Statement":[\#(row.statements)]}"#
        #expect(try PolicyDocument(json: Array(json.utf8), kind: .bucket).isPublic == row.isPublic)
        #expect(try CompiledPolicy(json: Array(json.utf8), kind: .bucket, name: "b").isPublic == row.isPublic)
    }
}
