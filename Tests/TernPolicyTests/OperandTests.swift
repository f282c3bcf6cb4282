import Testing

@testable import TernPolicy

@Suite struct OperandTests {
    @Test("§5.2: numbers are compared exactly, whatever their length") func decimals() throws {
        let ascending = [
            "-100000000000000000000001", "-100000000000000000000000", "-2", "-1.5", "-1.25", "-0.001", "0", "0.001",
            "0.01",
            "1", "1.05", "1.5", "2", "10", "9007199254740992", "9007199254740993",
        ]
        for (left, first) in ascending.enumerated() {
            for (right, second) in ascending.enumerated() {
                let (one, other) = (try #require(PolicyDecimal(first)), try #require(PolicyDecimal(second)))
                #expect((one < other) == (left < right))
                #expect((one == other) == (left == right))
            }
        }
        #expect(PolicyDecimal("-0.0") == PolicyDecimal("0"))
        #expect(PolicyDecimal("+01.50") == PolicyDecimal("1.5"))
    }

    @Test("What is no number", arguments: ["", "-", ".", "1.", ".5", "1e3", "0x1", "1,0", " 1", "1.2.3", "NaN"])
    func notDecimal(_ text: String) {
        #expect(PolicyDecimal(text) == nil)
    }

    @Test(
        "§5.2: networks and addresses, both versions",
        arguments: [
            ("10.0.0.0/8", "10.1.2.3", true), ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "1.2.3.4", true),
            ("0.0.0.0/0", "::1", false), ("::/0", "1.2.3.4", false), ("::/0", "::1", true),
            ("1.2.3.4", "1.2.3.4", true), ("1.2.3.4", "1.2.3.5", false), ("1.2.3.4/31", "1.2.3.5", true),
            ("192.168.128.0/17", "192.168.127.255", false), ("192.168.128.0/17", "192.168.255.255", true),
            ("2001:db8::/32", "2001:DB8:1::5", true), ("2001:db8::/33", "2001:db8:8000::", false),
            ("::1", "0:0:0:0:0:0:0:1", true), ("::ffff:1.2.3.4", "::ffff:102:304", true),
            ("fe80::/10", "febf::1", true),
            ("fe80::/10", "fec0::1", false),
        ])
    func addresses(_ row: (String, String, Bool)) throws {
        let range = try #require(AddressRange(row.0))
        #expect(range.contains(try #require(AddressRange(row.1))) == row.2)
    }

    @Test(
        "What is no address",
        arguments: [
            "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/+1",
            "::/129",
            ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "+1::", "1.2.3.4::",
            ":1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7::8", "1.2.3.+4",
        ])
    func notAddress(_ text: String) {
        #expect(AddressRange(text) == nil)
    }
}
