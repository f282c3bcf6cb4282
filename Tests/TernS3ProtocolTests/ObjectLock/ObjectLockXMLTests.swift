import TernCore
import TernS3Protocol
import Testing

/// Spec s3-api §8.
@Suite struct ObjectLockXMLTests {
    private static func configuration(_ inside: String) -> [UInt8] {
        bytes("<ObjectLockConfiguration\(s3Namespace)>\(inside)</ObjectLockConfiguration>")
    }

    private static func rule(_ inside: String) -> String {
        "<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>\(inside)</DefaultRetention></Rule>"
    }

    @Test(
        "LCK-3: configurations, there and back",
        arguments: [
            ("<ObjectLockEnabled>Enabled</ObjectLockEnabled>", ObjectLockConfiguration()),
            (
                rule("<Mode>GOVERNANCE</Mode><Days>1</Days>"),
                ObjectLockConfiguration(defaultRetention: DefaultRetention(mode: .governance, period: .days(1)))
            ),
            (
                rule("<Mode>COMPLIANCE</Mode><Years>100</Years>"),
                ObjectLockConfiguration(defaultRetention: DefaultRetention(mode: .compliance, period: .years(100)))
            ),
            (
                rule("<Mode>COMPLIANCE</Mode><Days>36500</Days>"),
                ObjectLockConfiguration(defaultRetention: DefaultRetention(mode: .compliance, period: .days(36500)))
            ),
        ])
    func configurations(_ inside: String, _ expected: ObjectLockConfiguration) throws {
        #expect(try ObjectLockConfiguration(decoding: Self.configuration(inside)) == expected)
        #expect(try ObjectLockConfiguration(decoding: expected.encode()) == expected)
        #expect(text(expected.encode()) == xmlDeclaration + text(Self.configuration(inside)))
    }

    @Test(
        "LCK-3: what is refused",
        arguments: [
            ("", S3Error.malformedXML),
            ("<ObjectLockEnabled>enabled</ObjectLockEnabled>", .malformedXML),
            ("<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule/>", .malformedXML),
            (rule(""), .malformedXML),
            (rule("<Mode>GOVERNANCE</Mode>"), .malformedXML),
            (rule("<Days>1</Days>"), .malformedXML),
            (rule("<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>"), .malformedXML),
            (rule("<Mode>NEITHER</Mode><Days>1</Days>"), .malformedXML),
            (rule("<Mode>GOVERNANCE</Mode><Days>one</Days>"), .malformedXML),
            (rule("<Mode>GOVERNANCE</Mode><Days>0</Days>"), .defaultRetentionNotPositive),
            (rule("<Mode>GOVERNANCE</Mode><Days>36501</Days>"), .defaultRetentionTooLarge),
            (rule("<Mode>GOVERNANCE</Mode><Years>-1</Years>"), .defaultRetentionNotPositive),
            (rule("<Mode>GOVERNANCE</Mode><Years>101</Years>"), .defaultRetentionTooLarge),
        ])
    func refusedConfigurations(_ inside: String, _ error: S3Error) {
        #expect(s3Error { _ = try ObjectLockConfiguration(decoding: Self.configuration(inside)) } == error)
    }

    static let date = "<RetainUntilDate>2030-01-02T03:04:05.000Z</RetainUntilDate>"

    @Test(
        "LCK-13: retentions",
        arguments: [
            ("", true, nil),
            ("<Mode>GOVERNANCE</Mode>\(date)", true, RetentionMode.governance),
            ("\(date)<Mode>COMPLIANCE</Mode>", true, .compliance),
            ("<Mode>GOVERNANCE</Mode>", false, nil),
            (date, false, nil),
            ("<Mode>OTHER</Mode>\(date)", false, nil),
            ("<Mode>GOVERNANCE</Mode><RetainUntilDate>tomorrow</RetainUntilDate>", false, nil),
        ])
    func retentions(_ inside: String, _ isValid: Bool, _ mode: RetentionMode?) throws {
        let document = bytes("<Retention>\(inside)</Retention>")
        guard isValid else {
            #expect(s3Error { _ = try RetentionXML.decode(document) } == .malformedXML)
            return
        }
        let retention = try RetentionXML.decode(document)
        #expect(retention?.mode == mode)
        if let retention {
            #expect(retention.until == Timestamp(iso8601: "2030-01-02T03:04:05Z"))
            #expect(try RetentionXML.decode(RetentionXML.encode(retention)) == retention)
        }
    }

    @Test(
        "LCK-13: legal holds",
        arguments: [
            ("<Status>ON</Status>", true), ("<Status>OFF</Status>", false), ("", nil), ("<Status>on</Status>", nil),
        ] as [(String, Bool?)])
    func legalHolds(_ inside: String, _ expected: Bool?) throws {
        let document = bytes("<LegalHold>\(inside)</LegalHold>")
        guard let expected else {
            #expect(s3Error { _ = try LegalHoldXML.decode(document) } == .malformedXML)
            return
        }
        #expect(try LegalHoldXML.decode(document) == expected)
        #expect(try LegalHoldXML.decode(LegalHoldXML.encode(isOn: expected)) == expected)
    }

    static let now = Timestamp(seconds: 0)

    @Test("LCK-5: headers")
    func lockHeaders() throws {
        #expect(try ObjectLockHeaders(headers(["x-amz-meta-a": "1"]), now: Self.now) == nil)
        let full = try ObjectLockHeaders(
            headers([
                "x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": "2030-01-01T00:00:00Z",
                "x-amz-object-lock-legal-hold": "OFF",
            ]), now: Self.now)
        #expect(full?.retention?.mode == .governance)
        #expect(full?.legalHold == false)
    }

    @Test(
        "LCK-5: headers that are refused",
        arguments: [
            (
                ["x-amz-object-lock-mode": "GOVERNANCE"],
                S3Error.lockHeadersIncomplete(missing: ObjectLockHeaders.retainUntil)
            ),
            (
                ["x-amz-object-lock-retain-until-date": "2030-01-01T00:00:00Z"],
                .lockHeadersIncomplete(missing: ObjectLockHeaders.mode)
            ),
            (
                ["x-amz-object-lock-mode": "X", "x-amz-object-lock-retain-until-date": "2030-01-01T00:00:00Z"],
                .unknownRetentionMode("X")
            ),
            (
                ["x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": "x"],
                .retainUntilDateNotISO8601("x")
            ),
            (
                [
                    "x-amz-object-lock-mode": "GOVERNANCE",
                    "x-amz-object-lock-retain-until-date": "1969-01-01T00:00:00Z",
                ],
                .retainUntilDateInThePast(header: "1969-01-01T00:00:00Z")
            ),
            (["x-amz-object-lock-legal-hold": "YES"], .unknownLegalHold("YES")),
        ] as [([String: String], S3Error)])
    func refusedHeaders(_ fields: [String: String], _ error: S3Error) {
        let fields = HeaderFields(fields.map { HeaderFields.Field(name: $0.key, value: $0.value) })
        #expect(s3Error { _ = try ObjectLockHeaders(fields, now: Self.now) } == error)
    }
}
