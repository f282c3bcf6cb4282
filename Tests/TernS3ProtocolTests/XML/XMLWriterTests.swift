import TernCore
import TernS3Protocol
import Testing

@Suite struct XMLWriterTests {
    private func content(_ body: (inout XMLWriter) -> Void) -> String {
        var writer = XMLWriter()
        body(&writer)
        let all = text(writer.finish())
        return String(all.dropFirst(xmlDeclaration.count))
    }

    @Test("ERR-12: declaration, namespace, elements")
    func document() {
        var writer = XMLWriter()
        writer.openRoot("A")
        writer.open("B")
        writer.element("C", "text")
        writer.element("D", 42)
        writer.element("E", Int64.min)
        writer.element("F", false)
        writer.element("G", ifPresent: nil)
        writer.element("H", quoting: "abc-2")
        writer.empty("I")
        writer.close("B")
        writer.element(dynamic: "J", "x")
        writer.close("A")
        #expect(
            text(writer.finish())
                == "\(xmlDeclaration)<A\(s3Namespace)><B><C>text</C><D>42</D><E>-9223372036854775808</E><F>false</F>"
                + "<H>&quot;abc-2&quot;</H><I/></B><J>x</J></A>"
        )
    }

    @Test("Namespaces of other services, none, and attributes")
    func roots() {
        #expect(
            self.content {
                $0.openRoot("A", namespace: false); $0.close("A")
            } == "<A></A>"
        )
        #expect(
            self.content {
                $0.openRoot("A", namespace: "urn:x"); $0.close("A")
            } == "<A xmlns=\"urn:x\"></A>"
        )
        #expect(
            self.content {
                $0.open("A", attributes: "b=\"c\""); $0.close("A")
            } == "<A b=\"c\"></A>"
        )
    }

    @Test(
        "ERR-13: what must be escaped, and nothing else",
        arguments: [
            ("plain/ä🙂 ~", "plain/ä🙂 ~"),
            ("a&b<c>d\"e'f", "a&amp;b&lt;c&gt;d&quot;e&apos;f"),
            ("\u{1}\u{1F}", "&#x1;&#x1f;"),
            ("tab\tline\n", "tab\tline\n"),
            ("\r", "&#xd;"),
            ("\u{FFFE}\u{FFFF}\u{FFFD}\u{F000}", "&#xfffe;&#xffff;\u{FFFD}\u{F000}"),
            ("", ""),
            ("&", "&amp;"),
            ("\u{7F}", "\u{7F}"),
        ]
    )
    func escapes(_ plain: String, _ escaped: String) {
        #expect(self.content { $0.element("K", plain) } == "<K>\(escaped)</K>")
        #expect(self.content { $0.element("K", bytes: bytes(plain)) } == "<K>\(escaped)</K>")
    }

    @Test("Text at the very end that looks like the start of a noncharacter")
    func truncated() {
        #expect(self.content { $0.element("K", bytes: [0x61, 0xEF, 0xBB, 0xBF]) } == "<K>a\u{FEFF}</K>")
    }

    @Test("LST-3: encoding-type=url")
    func urlEncoded() {
        #expect(self.content { $0.element("K", urlEncoded: bytes("a b/ä&*~")) } == "<K>a+b/%C3%A4%26*%7E</K>")
    }

    @Test(
        "ERR-12: timestamps are whole seconds, written with milliseconds",
        arguments: [0, 1_769_860_800_000, 951_782_400_123, 253_402_300_799_999] as [Int64]
    )
    func timestamps(_ milliseconds: Int64) {
        let timestamp = Timestamp(milliseconds: milliseconds)
        let whole = Timestamp(seconds: timestamp.seconds)
        #expect(self.content { $0.element("T", timestamp) } == "<T>\(whole.iso8601)</T>")
        #expect(whole.iso8601.hasSuffix(".000Z"))
    }

    @Test("What is written is read back", arguments: UInt64(0)..<50)
    func roundTrip(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var plain = ""
        for _ in 0..<40 {
            let scalar = Unicode.Scalar(UInt32(random.below(random.below(4) == 0 ? 0x11_0000 : 0x80)))
            // NUL is in no key, and no reference may name it.
            if let scalar, scalar.value != 0 { plain.unicodeScalars.append(scalar) }
        }
        var writer = XMLWriter()
        writer.openRoot("R")
        writer.text(plain)
        writer.close("R")
        #expect(bytes(try XMLParser.parse(writer.finish()).text) == bytes(plain))
    }
}
