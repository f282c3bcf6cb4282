import TernS3Protocol
import Testing

@Suite struct RangeTests {
    @Test(
        "RNG-1, RNG-2, RNG-3: of an object of 10 bytes",
        arguments: [
            (nil, .full),
            ("bytes=0-4", .range(0...4)),
            ("bytes=0-0", .range(0...0)),
            ("bytes=5-", .range(5...9)),
            ("bytes=5-99", .range(5...9)),
            ("bytes=5-99999999999999999999", .range(5...9)),
            ("bytes=-3", .range(7...9)),
            ("bytes=-99", .range(0...9)),
            ("bytes=-99999999999999999999", .range(0...9)),
            ("bytes=0-1,3-4", .full),
            ("bytes=1-0", .full),
            ("bytes=-1-", .full),
            ("bytes=0--1", .full),
            ("bytes=-", .full),
            ("0-4", .full),
            ("bytes 0-4", .full),
            ("lines=0-4", .full),
            ("bytes=a-b", .full),
            ("bytes=+1-2", .full),
            ("bytes=10-", .unsatisfiable),
            ("bytes=10-11", .unsatisfiable),
            ("bytes=99999999999999999999-", .unsatisfiable),
            ("bytes=-0", .unsatisfiable),
        ] as [(String?, RangeHeader)]
    )
    func range(_ value: String?, _ expected: RangeHeader) {
        #expect(RangeHeader(value, byteCount: 10) == expected)
    }

    @Test("RNG-3: any range of an empty object", arguments: ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0"])
    func empty(_ value: String) {
        #expect(RangeHeader(value, byteCount: 0) == .unsatisfiable)
    }

    @Test("Content-Range")
    func contentRange() {
        #expect(RangeHeader.contentRange(0...4, byteCount: 10) == "bytes 0-4/10")
    }

    @Test(
        "UPC-1: one form only",
        arguments: [
            "0-8", "bytes=1-", "bytes=-2", "bytes=1-0", "bytes=0-1,2-3", "bytes=", "bytes=a-b", "bytes=0-1-2", "",
            "bytes= 0-1",
        ]
    )
    func copyRangeForm(_ value: String) {
        #expect(s3Error { _ = try CopySourceRange.parse(value, byteCount: 10) } == .copySourceRangeForm(value))
    }

    @Test("UPC-2: inside the source")
    func copyRange() throws {
        #expect(try CopySourceRange.parse("bytes=0-9", byteCount: 10) == 0...9)
        #expect(
            s3Error { _ = try CopySourceRange.parse("bytes=0-10", byteCount: 10) }
                == .copySourceRangeBeyondEnd("bytes=0-10", byteCount: 10)
        )
        #expect(s3Error { _ = try CopySourceRange.parse("bytes=10-11", byteCount: 10) } == .copySourceRangeInvalid)
    }

    @Test(
        "MPU-3: part numbers",
        arguments: [("1", 1), ("10000", 10000), ("0", nil), ("10001", nil), ("-1", nil), ("x", nil), ("", nil)]
    )
    func partNumber(_ value: String, _ expected: Int?) {
        #expect((try? PartNumber.parse(value)) == expected)
        if expected == nil { #expect(s3Error { _ = try PartNumber.parse(value) } == .partNumberOutOfRange(value)) }
    }
}
