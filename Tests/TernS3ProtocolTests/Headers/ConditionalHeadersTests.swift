import TernCore
import TernS3Protocol
import Testing

/// Spec s3-api §5.1 and §5.2. The version under test has ETag `e1` and was made at 1000.5 s; it is now 2000 s.
@Suite struct ConditionalHeadersTests {
    static let before = Timestamp(seconds: 999).httpDate
    static let same = Timestamp(seconds: 1000).httpDate
    static let after = Timestamp(seconds: 1001).httpDate
    static let future = Timestamp(seconds: 3000).httpDate
    static let lastModified = Timestamp(milliseconds: 1_000_500)
    static let now = Timestamp(seconds: 2000)

    struct Row: Sendable, CustomTestStringConvertible {
        let fields: [(name: String, value: String)]
        let outcome: ReadConditions.Outcome

        init(_ outcome: ReadConditions.Outcome, _ fields: (name: String, value: String)...) {
            self.outcome = outcome
            self.fields = fields
        }

        var headers: HeaderFields { HeaderFields(self.fields.map { .init(name: $0.name, value: $0.value) }) }
        var testDescription: String { self.fields.map { "\($0.name): \($0.value)" }.joined(separator: ", ") }
    }

    @Test(
        "§5.1: GET and HEAD",
        arguments: [
            Row(.proceed),
            Row(.proceed, ("if-match", "\"e1\"")),
            Row(.proceed, ("if-match", "e1")),
            Row(.proceed, ("if-match", "*")),
            Row(.proceed, ("if-match", "\"x\", \"e1\"")),
            Row(.proceed, ("if-match", "x"), ("if-match", "e1")),
            Row(.failed(condition: "If-Match"), ("if-match", "\"x\"")),
            Row(.proceed, ("if-unmodified-since", same)),
            Row(.proceed, ("if-unmodified-since", after)),
            Row(.failed(condition: "If-Unmodified-Since"), ("if-unmodified-since", before)),
            Row(.proceed, ("if-unmodified-since", "garbage")),
            Row(.proceed, ("if-match", "e1"), ("if-unmodified-since", before)),
            Row(.failed(condition: "If-Match"), ("if-match", "x"), ("if-unmodified-since", after)),
            Row(.notModified, ("if-none-match", "\"e1\"")),
            Row(.notModified, ("if-none-match", "W/\"e1\"")),
            Row(.notModified, ("if-none-match", "*")),
            Row(.proceed, ("if-none-match", "x")),
            Row(.notModified, ("if-modified-since", same)),
            Row(.notModified, ("if-modified-since", after)),
            Row(.proceed, ("if-modified-since", before)),
            Row(.proceed, ("if-modified-since", future)),
            Row(.proceed, ("if-modified-since", "garbage")),
            Row(.proceed, ("if-none-match", "x"), ("if-modified-since", after)),
            Row(.notModified, ("if-none-match", "e1"), ("if-modified-since", before)),
            Row(.failed(condition: "If-Match"), ("if-match", "x"), ("if-none-match", "e1")),
        ]
    )
    func read(_ row: Row) {
        let conditions = ReadConditions(row.headers)
        #expect(conditions.evaluate(etag: "e1", lastModified: Self.lastModified, now: Self.now) == row.outcome)
        #expect(conditions.isEmpty == row.fields.isEmpty || row.testDescription.contains("garbage"))
    }

    static let key = ObjectKey(trusted: bytes("k"))

    struct WriteRow: Sendable {
        let fields: HeaderFields
        let current: String?
        let error: S3Error?
    }

    @Test(
        "CND-1, CND-2: conditional writes",
        arguments: [
            WriteRow(fields: headers([:]), current: "e1", error: nil),
            WriteRow(fields: headers(["if-none-match": "*"]), current: nil, error: nil),
            WriteRow(
                fields: headers(["if-none-match": "*"]),
                current: "e1",
                error: .preconditionFailed(condition: "If-None-Match")
            ),
            WriteRow(fields: headers(["if-match": "\"e1\""]), current: "e1", error: nil),
            WriteRow(fields: headers(["if-match": "e1"]), current: "e1", error: nil),
            WriteRow(
                fields: headers(["if-match": "e1"]),
                current: "e2",
                error: .preconditionFailed(condition: "If-Match")
            ),
            WriteRow(fields: headers(["if-match": "e1"]), current: nil, error: .noSuchKey(key)),
        ]
    )
    func write(_ row: WriteRow) throws {
        let condition = try WriteCondition(row.fields)
        #expect(s3Error { try condition.evaluate(currentETag: row.current, key: Self.key) } == row.error)
    }

    @Test(
        "CND-3: values that the API does not take",
        arguments: [
            (headers(["if-none-match": "e1"]), S3Error.unsupportedConditionValue(header: "If-None-Match")),
            (headers(["if-match": "*"]), .unsupportedConditionValue(header: "If-Match")),
            (headers(["if-match": "e1", "if-none-match": "*"]), .multipleConditionalHeaders),
        ]
    )
    func writeSyntax(_ fields: HeaderFields, _ error: S3Error) {
        #expect(s3Error { _ = try WriteCondition(fields) } == error)
    }

    @Test("CND-6: conditional deletes")
    func delete() throws {
        #expect(try DeleteCondition(headers([:])).evaluate(currentETag: nil))
        #expect(try DeleteCondition(headers(["if-match": "*"])).evaluate(currentETag: "e1"))
        #expect(try !DeleteCondition(headers(["if-match": "*"])).evaluate(currentETag: nil))
        #expect(try DeleteCondition(etag: "\"e1\"").evaluate(currentETag: "e1"))
        #expect(try !DeleteCondition(etag: "e1").evaluate(currentETag: nil))
        #expect(
            s3Error { _ = try DeleteCondition(etag: "e1").evaluate(currentETag: "e2") }
                == .preconditionFailed(condition: "If-Match")
        )
        let both = headers(["x-amz-if-match-size": "1", "x-amz-if-match-last-modified-time": "x"])
        #expect(
            s3Error { _ = try DeleteCondition(both) } == .notImplemented(header: "x-amz-if-match-last-modified-time")
        )
        #expect(
            s3Error { _ = try DeleteCondition(headers(["x-amz-if-match-size": "1"])) }
                == .notImplemented(header: "x-amz-if-match-size")
        )
    }

    @Test(
        "CND-7: conditions on the copy source",
        arguments: [
            (headers([:]), nil),
            (headers(["if-match": "x", "if-none-match": "e1"]), nil),
            (headers(["x-amz-copy-source-if-match": "e1"]), nil),
            (headers(["x-amz-copy-source-if-match": "x"]), "If-Match"),
            (headers(["x-amz-copy-source-if-none-match": "e1"]), "If-None-Match"),
            (headers(["x-amz-copy-source-if-modified-since": after]), "If-Modified-Since"),
            (headers(["x-amz-copy-source-if-unmodified-since": before]), "If-Unmodified-Since"),
            (headers(["x-amz-copy-source-if-match": "e1", "x-amz-copy-source-if-unmodified-since": before]), nil),
            (
                headers(["x-amz-copy-source-if-none-match": "x", "x-amz-copy-source-if-modified-since": after]),
                "If-Modified-Since"
            ),
            (
                headers(["x-amz-copy-source-if-none-match": "x", "x-amz-copy-source-if-unmodified-since": before]),
                "If-Unmodified-Since"
            ),
        ] as [(HeaderFields, String?)]
    )
    func copySource(_ fields: HeaderFields, _ condition: String?) {
        let error = s3Error {
            try CopySourceConditions(fields).evaluate(etag: "e1", lastModified: Self.lastModified, now: Self.now)
        }
        #expect(error == condition.map { .preconditionFailed(condition: "x-amz-copy-source-\($0)") })
    }

    @Test(
        "ETags with and without quotes",
        arguments: [
            ("\"e\"", "e"), ("e", "e"), (" \"e\" ", "e"), ("W/\"e\"", "e"), ("\"", "\""), ("\"\"", ""), ("e-2", "e-2"),
        ]
    )
    func etags(_ given: String, _ expected: String) {
        #expect(ETagText.unquoted(given) == expected)
    }
}
