import TernS3Protocol
import Testing

@Suite struct XMLParserTests {
    private func parse(_ document: String, limits: XMLParser.Limits = .init()) -> Result<XMLNode, XMLError> {
        do throws(XMLError) {
            return .success(try XMLParser.parse(bytes(document), limits: limits))
        } catch {
            return .failure(error)
        }
    }

    private func code(_ document: String, limits: XMLParser.Limits = .init()) -> XMLError.Code? {
        guard case .failure(let error) = self.parse(document, limits: limits) else { return nil }
        return error.code
    }

    @Test("Elements, text, attributes")
    func tree() throws {
        let root = try self.parse(
            """
            <?xml version="1.0" encoding="UTF-8" standalone='yes'?>
            <!-- before --><A x="1" y = '2'>
              <B>one</B><B/><C>two<!-- inside --> more</C>
            </A><!-- after -->

            """
        ).get()
        #expect(root.name == "A")
        #expect(root.attribute("x") == "1")
        #expect(root.attribute("y") == "2")
        #expect(root.children.map(\.name) == ["B", "B", "C"])
        #expect(root.text(of: "B") == "one")
        #expect(root.children(named: "B").map(\.text) == ["one", ""])
        #expect(root["C"]?.text == "two more")
        #expect(root["D"] == nil)
    }

    @Test(
        "ERR-11: with or without namespace, any prefix",
        arguments: [
            "<A><B>x</B></A>",
            "<A xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><B>x</B></A>",
            "<s3:A xmlns:s3=\"urn:x\"><s3:B>x</s3:B></s3:A>",
            "\u{FEFF}<A><B>x</B></A>",
            "<A\n><B\t>x</B ></A\r\n>",
        ]
    )
    func namespaces(_ document: String) throws {
        let root = try self.parse(document).get()
        #expect(root == XMLNode(name: "A", children: [XMLNode(name: "B", text: "x")]))
    }

    @Test(
        "ERR-11: references and CDATA",
        arguments: [
            ("&#34;etag&#34;", "\"etag\""),
            ("&quot;&apos;&amp;&lt;&gt;", "\"'&<>"),
            ("&#x1F642;&#x00000041;", "🙂A"),
            ("&#x1;", "\u{1}"),
            ("<![CDATA[<&amp;]]>]]&gt;", "<&amp;]]>"),
            ("a\r\nb\rc&#xD;", "a\nb\nc\r"),
            (" spaces stay ", " spaces stay "),
            ("]] >", "]] >"),
        ]
    )
    func content(_ source: String, _ expected: String) throws {
        #expect(try self.parse("<A>\(source)</A>").get().text == expected)
    }

    @Test(
        "What is refused, and as what",
        arguments: [
            ("", .empty),
            ("  \n", .empty),
            ("<?xml version='1.0'?>", .empty),
            ("text", .malformed),
            ("<A>", .malformed),
            ("<A></B>", .malformed),
            ("<x:A></y:A>", .malformed),
            ("</A>", .malformed),
            ("<A/><B/>", .malformed),
            ("<A/>text", .malformed),
            ("<A x=1/>", .malformed),
            ("<A x='1'y='2'/>", .malformed),
            ("<A x='<'/>", .malformed),
            ("<A x='1/>", .malformed),
            ("<1A/>", .malformed),
            ("<:A/>", .malformed),
            ("<a:b:c/>", .malformed),
            ("< A/>", .malformed),
            ("<A>]]></A>", .malformed),
            ("<A>&amp</A>", .malformed),
            ("<A><!-- a -- b --></A>", .malformed),
            ("<A><!-- a", .malformed),
            ("<A><![CDATA[ a", .malformed),
            ("<A><?", .processingInstruction),
            ("<A>&nbsp;</A>", .undefinedEntity),
            ("<A>&;</A>", .undefinedEntity),
            ("<A>&#0;</A>", .forbiddenCharacter),
            ("<A>&#xD800;</A>", .forbiddenCharacter),
            ("<A>&#x110000;</A>", .forbiddenCharacter),
            ("<A>&#+1;</A>", .forbiddenCharacter),
            ("<A>&#;</A>", .forbiddenCharacter),
            ("<A>\u{1}</A>", .forbiddenCharacter),
            ("<A x='\u{1}'/>", .forbiddenCharacter),
            ("<!DOCTYPE A><A/>", .doctype),
            ("<!DOCTYPE A [<!ENTITY x 'y'>]><A>&x;</A>", .doctype),
            ("<A><!DOCTYPE B></A>", .doctype),
            ("<?xml-stylesheet href='x'?><A/>", .processingInstruction),
            ("<A><?php ?></A>", .processingInstruction),
            ("<?xml version='1.0' encoding='ISO-8859-1'?><A/>", .notUTF8),
        ] as [(String, XMLError.Code)]
    )
    func refused(_ document: String, _ expected: XMLError.Code) {
        #expect(self.code(document) == expected, "\(document)")
    }

    @Test(
        "Encodings that are UTF-8, whatever their case",
        arguments: ["", " encoding='utf-8'", " ENCODING=\"Utf-8\"", " encoding='US-ASCII'", " standalone='yes'"])
    func encodings(declared: String) throws {
        #expect(try XMLParser.parse(Array("<?xml version='1.0'\(declared)?><A/>".utf8)).name == "A")
    }

    @Test("Bytes that are not UTF-8")
    func notUTF8() {
        #expect(throws: XMLError(.notUTF8, offset: 0)) {
            try XMLParser.parse([0x3C, 0x41, 0x3E, 0xFF, 0x3C, 0x2F, 0x41, 0x3E])
        }
        #expect(throws: XMLError.self) { try XMLParser.parse([0xFE, 0xFF, 0, 0x3C, 0, 0x41, 0, 0x2F, 0, 0x3E]) }
    }

    @Test("Limits on size, depth and nodes")
    func limits() {
        #expect(self.code("<A></A>", limits: .init(byteCount: 6)) == .tooLarge)
        #expect(self.code("<A></A>", limits: .init(byteCount: 7)) == nil)
        let nested = String(repeating: "<A>", count: 32) + String(repeating: "</A>", count: 32)
        #expect(self.code(nested) == nil)
        #expect(self.code("<A>\(nested)</A>") == .tooDeep)
        #expect(self.code("<A><B/><B/></A>", limits: .init(nodeCount: 3)) == nil)
        #expect(self.code("<A><B/><B/><B/></A>", limits: .init(nodeCount: 3)) == .tooManyNodes)
        #expect(self.code("<A a='' b='' c=''/>", limits: .init(nodeCount: 3)) == .tooManyNodes)
        #expect(self.code(String(repeating: "<A>", count: 1_000_000)) == .tooDeep)
    }

    static let corpus = [
        """
        <?xml version="1.0" encoding="UTF-8"?>\n<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>\
        <Object><Key>a&amp;b</Key><VersionId>null</VersionId></Object><Object><Key><![CDATA[x]]></Key></Object></Delete>
        """,
        "<a:A xmlns:a='u'><!-- c --><a:B c=\"&#x41;\">ä🙂</a:B></a:A>",
        "<A><B><C><D>1</D></C></B></A>",
    ]

    @Test("Random damage never crashes or hangs, and never invents depth", arguments: UInt64(0)..<40)
    func fuzz(seed: UInt64) {
        var random = SplitMix(state: seed)
        let alphabet = bytes("<>/&;!?-[]'\"=:# \n\u{1}xA1") + [0x00, 0x80, 0xC3, 0xEF, 0xFF]
        let limits = XMLParser.Limits(byteCount: 4096, depth: 8, nodeCount: 64)
        for _ in 0..<500 {
            var document = bytes(Self.corpus[random.below(Self.corpus.count)])
            for _ in 0...random.below(6) where !document.isEmpty {
                let place = random.below(document.count)
                switch random.below(4) {
                case 0: document[place] = alphabet[random.below(alphabet.count)]
                case 1: document.remove(at: place)
                case 2: document.insert(alphabet[random.below(alphabet.count)], at: place)
                default:
                    let end = min(document.count, place + random.below(20))
                    document.insert(contentsOf: document[place..<end], at: random.below(document.count))
                }
            }
            guard let root = try? XMLParser.parse(document, limits: limits) else { continue }
            #expect(Self.depth(root) <= 8)
            #expect(Self.count(root) <= 64)
        }
    }

    private static func depth(_ node: XMLNode) -> Int { 1 + (node.children.map(Self.depth).max() ?? 0) }
    private static func count(_ node: XMLNode) -> Int { 1 + node.children.reduce(0) { $0 + Self.count($1) } }
}
