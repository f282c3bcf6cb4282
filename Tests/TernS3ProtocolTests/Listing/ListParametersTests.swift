import TernCore
import TernS3Protocol
import Testing

/// Spec rules LST-1 to LST-8.
@Suite struct ListParametersTests {
    private func target(_ query: String) throws -> RequestTarget { try #require(RequestTarget("/b?\(query)")) }

    @Test(
        "LST-2: max-keys",
        arguments: [
            ("", 1000, nil), ("max-keys=", 1000, nil), ("max-keys=0", 0, nil), ("max-keys=7", 7, nil),
            ("max-keys=1000", 1000, nil),
            ("max-keys=5000", 1000, nil), ("max-keys=2147483647", 1000, nil),
            ("max-keys=-1", nil, .negativeCount("max-keys", value: "-1")),
            ("max-keys=2147483648", nil, .notACount("max-keys", value: "2147483648")),
            ("max-keys=x", nil, .notACount("max-keys", value: "x")),
        ] as [(String, Int?, S3Error?)]
    )
    func maxKeys(_ query: String, _ maximum: Int?, _ error: S3Error?) throws {
        let target = try self.target(query)
        var parameters: ListParameters?
        #expect(s3Error { parameters = try ListParameters(target) } == error)
        #expect(parameters?.maximum == maximum)
    }

    @Test("LST-2: max-uploads and max-parts alike")
    func otherCounts() throws {
        let uploads = try self.target("max-uploads=-1")
        #expect(
            s3Error { _ = try ListMultipartUploadsParameters(uploads) }?.message
                == "Argument maxUploads must be an integer between 0 and 2147483647"
        )
        let parts = try self.target("max-parts=x")
        #expect(
            s3Error { _ = try ListPartsParameters(parts) }?.message
                == "Provided max-parts not an integer or within integer range"
        )
        let good = try ListPartsParameters(try self.target("max-parts=2&part-number-marker=5"))
        #expect(good.maximum == 2)
        #expect(good.partNumberMarker == 5)
    }

    @Test("LST-3: encoding-type", arguments: [("encoding-type=", ""), ("encoding-type=URL", "URL")])
    func encodingType(_ query: String, _ value: String) throws {
        let target = try self.target(query)
        #expect(s3Error { _ = try ListParameters(target) } == .invalidEncodingType(value))
        #expect(try ListParameters(try self.target("encoding-type=url")).isURLEncoded)
        #expect(try !ListParameters(try self.target("prefix=a")).isURLEncoded)
    }

    @Test("LST-1: prefix and delimiter are bytes")
    func prefix() throws {
        let parameters = try ListParameters(try self.target("prefix=a%2Fb+c&delimiter=%C3%A4"))
        #expect(parameters.prefix == bytes("a/b c"))
        #expect(parameters.delimiter == bytes("ä"))
    }

    @Test("LST-5: marker")
    func listObjects() throws {
        #expect(try ListObjectsParameters(try self.target("marker=x")).marker == bytes("x"))
        #expect(try ListObjectsParameters(try self.target("")).marker.isEmpty)
    }

    @Test("LST-6: the token wins over start-after")
    func version2() throws {
        let token = ContinuationToken.afterKey(bytes("k"))
        let encoded = PercentEncoding.encode(token.wireForm.utf8, keepingSlash: false)
        let parameters = try ListObjectsV2Parameters(
            try self.target("continuation-token=\(encoded)&start-after=a&fetch-owner=true")
        )
        #expect(parameters.continuation == token)
        #expect(parameters.continuationToken == token.wireForm)
        #expect(parameters.startAfter == nil)
        #expect(parameters.fetchOwner)
        let plain = try ListObjectsV2Parameters(try self.target("start-after="))
        #expect(plain.startAfter == [])
        #expect(!plain.fetchOwner)
    }

    @Test("LST-6: empty and foreign tokens", arguments: ["", "x", "AAAA", "AAAAAAAA", "MGFiYw=="])
    func foreignToken(_ token: String) throws {
        let target = try self.target("continuation-token=\(token)")
        #expect(s3Error { _ = try ListObjectsV2Parameters(target) } == .invalidContinuationToken(token))
    }

    @Test(
        "LST-6: tokens survive the wire",
        arguments: [
            ContinuationToken.afterKey(bytes("a/b")), .afterPrefix(bytes("a/")), .afterKey([]),
            .afterKey(bytes("ä\u{1}")),
        ]
    )
    func token(_ token: ContinuationToken) {
        #expect(ContinuationToken(wireForm: token.wireForm) == token)
    }

    @Test("LST-7: a version-id marker needs a key marker")
    func versions() throws {
        let bad = try self.target("versions&version-id-marker=v")
        #expect(s3Error { _ = try ListObjectVersionsParameters(bad) } == .versionIDMarkerWithoutKeyMarker("v"))
        let good = try ListObjectVersionsParameters(try self.target("versions&key-marker=k&version-id-marker=v"))
        #expect(good.keyMarker == bytes("k"))
        #expect(good.versionIDMarker == "v")
        #expect(
            try ListObjectVersionsParameters(try self.target("versions&key-marker=&version-id-marker=")).versionIDMarker
                .isEmpty
        )
    }

    @Test("LST-8: an upload-id marker without key marker means nothing")
    func uploads() throws {
        #expect(try ListMultipartUploadsParameters(try self.target("upload-id-marker=u")).uploadIDMarker.isEmpty)
        #expect(
            try ListMultipartUploadsParameters(try self.target("key-marker=k&upload-id-marker=u")).uploadIDMarker == "u"
        )
    }

    @Test("LST-3: names are written in the client's encoding")
    func write() {
        for (isURLEncoded, expected) in [(false, "<Key>a b&#x1;</Key>"), (true, "<Key>a+b%01</Key>")] {
            var writer = XMLWriter()
            ListParameters(isURLEncoded: isURLEncoded).write("Key", bytes("a b\u{1}"), to: &writer)
            #expect(text(writer.finish()) == xmlDeclaration + expected)
        }
    }
}
