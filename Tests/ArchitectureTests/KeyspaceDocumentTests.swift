import Foundation
import Testing

/// Keeps `docs/keyspace.md` and the code alike.
@Suite("docs/keyspace.md")
struct KeyspaceDocumentTests {
    @Test("It names every table of a bucket's partition by its letter, and no other")
    func bucketTables() throws {
        let lines = try Self.source("Sources/TernObjects/Keyspace.swift", from: "enum Table")
        let letters = lines.compactMap { line -> String? in
            guard line.hasPrefix("case "), let hex = line.split(separator: "0x").dropFirst().first,
                let code = UInt8(hex.prefix(2), radix: 16)
            else { return nil }
            return String(UnicodeScalar(code))
        }
        #expect(!letters.isEmpty)
        #expect(try Self.letters(under: "## A bucket's partition") == Set(letters))
    }

    @Test("It names every row of the directory's partition by its letter, and no other")
    func directoryRows() throws {
        let files = [
            "TernObjects/Buckets/DirectoryStore.swift", "TernControlPlane/KMS/KeyStore.swift",
            "TernControlPlane/CloudWatch/MetricRows.swift",
            "TernObjects/Flow/FlowStore.swift", "TernControlPlane/Jobs/JobRows.swift",
        ]
        let lines = try files.flatMap { try Self.source("Sources/\($0)", from: "enum Row") }
        let letters = lines.compactMap { line in
            line.split(separator: "UInt8(ascii: \"").dropFirst().first.map { String($0.prefix(1)) }
        }
        #expect(!letters.isEmpty)
        // Events of jobs, which have the letters that they have in buckets.
        #expect(try Self.letters(under: "## The directory's partition") == Set(letters).union(["X", "x"]))
    }

    /// The files in which messages are declared.
    private static let schemas = [
        "records", "events", "identity", "keys", "metrics", "sessions", "verification", "flow", "jobs", "inventory",
        "accesspoints",
    ]

    @Test("Every message that it names is one of the stored records")
    func messages() throws {
        let lines = try Self.schemas.flatMap { name in
            try SourceTree.text("Sources/TernRecords/\(name).proto").split(separator: "\n").map(String.init)
        }
        let messages = Set(
            lines.compactMap { line in
                line.hasPrefix("message ") ? line.split(separator: " ").dropFirst().first.map(String.init) : nil
            }
        )
        let rows =
            try Self.rows(under: "## A bucket's partition") + Self.rows(under: "## The directory's partition")
            + Self.rows(under: "## A job's partition")
        let named = rows.flatMap { row in
            row.split(separator: "`").map(String.init).filter { word in
                ["Record", "Chunk", "Change"].contains { word.hasSuffix($0) }
            }
        }
        #expect(!named.isEmpty)
        for name in named { #expect(messages.contains(name), "there is no message \(name)") }
    }

    /// The lines of a type without indentation: from the line that declares it to the next closing brace.
    private static func source(_ file: String, from declaration: String) throws -> [Substring] {
        let lines = try SourceTree.text(file).split(separator: "\n").map { $0.drop { $0 == " " } }
        return Array(lines.drop { !$0.contains(declaration) }.prefix { $0 != "}" })
    }

    /// The rows of the tables in one section.
    private static func rows(under heading: String) throws -> [Substring] {
        let lines = try SourceTree.text("docs/keyspace.md").split(separator: "\n")
        return lines.drop { $0 != heading }.dropFirst().prefix { !$0.hasPrefix("## ") }.filter { $0.hasPrefix("| `") }
    }

    /// The letter with which each row begins: `T` of "| `T` lane due unique | …".
    private static func letters(under heading: String) throws -> Set<String> {
        Set(try self.rows(under: heading).map { String($0.dropFirst(3).prefix(1)) })
    }
}
