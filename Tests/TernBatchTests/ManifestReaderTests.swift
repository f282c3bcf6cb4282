import TernBatch
import TernCore
import Testing

@Suite("Manifests")
struct ManifestReaderTests {
    private static func read(
        _ text: String, columns: [String] = ["Bucket", "Key", "VersionId"], pieces: Int = 1
    ) throws -> [BatchTask] {
        try Self.read(Array(text.utf8), columns: columns, pieces: pieces)
    }

    private static func read(_ bytes: [UInt8], columns: [String], pieces: Int) throws -> [BatchTask] {
        var reader = ManifestReader(schema: try ManifestSchema(columns: columns))
        var tasks: [BatchTask] = []
        var start = 0
        for piece in 0..<pieces {
            let end = bytes.count * (piece + 1) / pieces
            try reader.read(bytes[start..<end], into: &tasks)
            start = end
        }
        try reader.finish(into: &tasks)
        #expect(reader.rowCount == Int64(tasks.count))
        return tasks
    }

    private static func reason(_ text: String, columns: [String] = ["Bucket", "Key", "VersionId"]) -> String? {
        do {
            _ = try Self.read(text, columns: columns)
            return nil
        } catch let failure as JobFailure {
            #expect(failure.code == "InvalidManifestContent")
            return failure.reason
        } catch {
            return "\(error)"
        }
    }

    @Test("BR-MF-5, BR-MF-6: rows in any pieces, quoted or not, with LF or CRLF, with or without a last line end")
    func rows() throws {
        let text = "photos,2025/a.jpg,v1\r\nphotos,\"a,\"\"b\"\"\nc\",null\nphotos,object%20key+x%2B,"
        for pieces in [1, 2, 3, 7, text.utf8.count] {
            let tasks = try Self.read(text, pieces: pieces)
            #expect(
                tasks.map { String(decoding: $0.encodedKey, as: UTF8.self) } == [
                    "2025/a.jpg", "a,\"b\"\nc", "object%20key+x%2B",
                ])
            #expect(tasks.map(\.versionID) == ["v1", "null", ""])
        }
    }

    @Test(
        "BR-MF-6: keys are decoded once",
        arguments: [
            ("a%20b", "a b"), ("a+b", "a b"), ("a%2Bb", "a+b"), ("pct%2520literal.txt", "pct%20literal.txt"),
            ("dir/%C3%A4", "dir/ä"), ("%7E", "~"),
        ])
    func keys(encoded: String, key: String) {
        #expect(ManifestKey.decode(encoded.utf8)?.description == key)
    }

    @Test("BR-MF-6: what is written is read back, whatever the key")
    func roundTrip() throws {
        for key in ["a b+c", "~x", "%20", "ä/ö,\"\n", "plain/key-1.txt"] {
            var text: [UInt8] = []
            ManifestKey.appendEncoded(try ObjectKey(key), to: &text)
            #expect(ManifestKey.decode(text)?.description == key)
            #expect(!text.contains(UInt8(ascii: ",")) && !text.contains(UInt8(ascii: "+")))
        }
    }

    @Test("BR-MF-8: a row of another number of fields fails the job, and says the line")
    func raggedRows() {
        #expect(Self.reason("photos,a,v\nphotos,b\n") == "Unexpected number of task fields (line 2)")
        #expect(Self.reason("photos,a,v,x\n") == "Unexpected number of task fields (line 1)")
        #expect(Self.reason("photos,a,v\n\nphotos,b,v\n") == "Unexpected number of task fields (line 2)")
    }

    @Test("BR-MF-9: rows of two buckets fail the job, and so does a header row")
    func buckets() {
        #expect(Self.reason("photos,a,v\nvideos,b,v\n")?.contains("more than one bucket (line 2)") == true)
        #expect(Self.reason("Bucket,Key,VersionId\nphotos,b,v\n")?.contains("not a bucket name (line 1)") == true)
    }

    @Test(
        "BR-MF-8: what else is no manifest",
        arguments: [
            ("\u{FEFF}photos,a,v\n", "Manifest file is not properly formatted (line 1)"),
            ("photos,\"a,v\n", "Manifest file is not properly formatted (line 2)"),
            ("photos,\"a\"x,v\n", "Manifest file is not properly formatted (line 1)"),
            ("photos,%zz,v\n", "Invalid object key format (line 1)"),
            ("photos,,v\n", "Invalid object key format (line 1)"),
        ])
    func malformed(text: String, reason: String) {
        #expect(Self.reason(text) == reason)
    }

    @Test("BR-MF-10: columns are found by name, and others are skipped")
    func schema() throws {
        let schema = try ManifestSchema(fileSchema: "Bucket, Key, VersionId, IsLatest, Size")
        #expect(schema.columnCount == 5)
        #expect(schema.version == 2)
        let tasks = try Self.read("x,photos,a\n", columns: ["Ignore", "Bucket", "Key"])
        #expect(tasks == [BatchTask(encodedKey: Array("a".utf8), versionID: nil)])
        #expect(throws: ManifestSchema.Problem.missingFields(["Key"])) { try ManifestSchema(columns: ["Bucket"]) }
    }

    @Test("BR-MF-10, BR-MF-11: the manifest.json of an inventory, of any version")
    func inventory() throws {
        let text = """
            {"sourceBucket":"photos","destinationBucket":"arn:aws:s3:::ops","version":"2021-05-22",
             "creationTimestamp":"1772445600000","fileFormat":"CSV","fileSchema":"Bucket, Key",
             "files":[{"key":"inv/a.csv.gz","size":12,"MD5checksum":"F11166069F1990ABEB9C97ACE9CDFABC"}]}
            """
        let manifest = try InventoryManifest(decoding: Array(text.utf8))
        #expect(manifest.destinationBucket == "ops")
        #expect(
            manifest.files == [
                .init(key: "inv/a.csv.gz", byteCount: 12, md5: "f11166069f1990abeb9c97ace9cdfabc")
            ])
        #expect(try InventoryManifest(decoding: manifest.encode()) == manifest)
        let orc = text.replacing("\"CSV\"", with: "\"ORC\"")
        #expect(throws: JobFailure.self) { try InventoryManifest(decoding: Array(orc.utf8)) }
    }

    @Test("BR-MG-1: rows of a generated manifest are quoted, with null for null versions")
    func generated() throws {
        var text: [UInt8] = []
        let bucket = try #require(BucketName("photos"))
        GeneratedManifest.append(
            bucket: bucket, BatchTask(encodedKey: Array("a%20b".utf8), versionID: "null"), to: &text)
        #expect(String(decoding: text, as: UTF8.self) == "\"photos\",\"a%20b\",\"null\"\n")
        let places = GeneratedManifest(prefix: "gen/", jobID: "j")
        #expect(places.manifestKey == "gen/job-j/manifest.json")
        #expect(places.dataKey("ab") == "gen/job-j/data/ab.csv.gz")
        #expect(GeneratedManifest(prefix: nil, jobID: "j").manifestKey == "job-j/manifest.json")
    }
}
