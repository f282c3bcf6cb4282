import TernPolicy
import Testing

@Suite("Policies with other texts for their principals (IAM-26)")
struct PolicyRebindingTests {
    private static let ann = "arn:aws:iam::111111111111:user/ann"

    private static func replaced(_ json: String) -> String? {
        PolicyDocument.replacingPrincipals([Self.ann: "AIDAEXAMPLE"], in: Array(json.utf8))
            .map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "Only principals under AWS are replaced",
        arguments: [
            (
                #"{"Statement": {"Principal": {"AWS": "\#(Self.ann)"}}}"#,
                #"{"Statement":{"Principal":{"AWS":"AIDAEXAMPLE"}}}"#
            ),
            (
                #"{"Statement": [{"NotPrincipal": {"AWS": ["111111111111", "\#(Self.ann)"]}}, {"Principal": "*"}]}"#,
                #"{"Statement":[{"NotPrincipal":{"AWS":["111111111111","AIDAEXAMPLE"]}},{"Principal":"*"}]}"#
            ),
            (
                #"{"Id": "\#(Self.ann)", "Statement": {"Principal": {"Service": "\#(Self.ann)"}}}"#,
                #"{"Id":"\#(Self.ann)","Statement":{"Principal":{"Service":"\#(Self.ann)"}}}"#
            ),
            (
                #"{"Statement": {"Condition": {"ArnEquals": {"aws:PrincipalArn": "\#(Self.ann)"}}}}"#,
                #"{"Statement":{"Condition":{"ArnEquals":{"aws:PrincipalArn":"\#(Self.ann)"}}}}"#
            ),
            (
                #"{"Statement": {"Sid": "a\"b\\c\ndä", "n": [1.50, true, null], "Principal": {"AWS": []}}}"#,
                #"{"Statement":{"Sid":"a\"b\\c\ndä","n":[1.50,true,null],"Principal":{"AWS":[]}}}"#
            ),
        ])
    func replaces(_ json: String, _ expected: String) {
        #expect(Self.replaced(json) == expected)
    }

    @Test("What is no JSON object is not replaced", arguments: ["", "[]", "{", "\"text\""])
    func notJSON(_ json: String) {
        #expect(Self.replaced(json) == nil)
    }

    @Test("The users, roles and unique IDs that statements name")
    func namedEntities() throws {
        let json = """
            {"Version": "2012-10-17", "Statement": [
              {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ["\(Self.ann)", "111111111111"]}},
              {"Effect": "Deny", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": "AROA\(String(repeating: "A", count: 17))"}},
              {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "s3.amazonaws.com"}}]}
            """
        let policy = try PolicyDocument(json: Array(json.utf8), kind: .trust)
        #expect(policy.namedEntities == [Self.ann, "AROA" + String(repeating: "A", count: 17)])
    }
}
