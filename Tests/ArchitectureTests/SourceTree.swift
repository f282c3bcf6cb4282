import Foundation

/// The files of this repository, as the checks read them.
enum SourceTree {
    /// Above `Tests/ArchitectureTests/SourceTree.swift`.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: self.root.appending(path: path), encoding: .utf8)
    }

    /// The names of the folders in `Sources`.
    static func targets() throws -> Set<String> {
        let sources = self.root.appending(path: "Sources")
        let entries = try FileManager.default.contentsOfDirectory(
            at: sources,
            includingPropertiesForKeys: [.isDirectoryKey],
            options: [.skipsHiddenFiles]
        )
        return Set(
            try entries.filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
                .map(\.lastPathComponent)
        )
    }

    /// The Swift files of a target, as paths from the root.
    static func swiftFiles(of target: String) throws -> [String] {
        let folder = "Sources/\(target)"
        let path = self.root.appending(path: folder).path(percentEncoded: false)
        let files = try FileManager.default.subpathsOfDirectory(atPath: path)
        return files.filter { $0.hasSuffix(".swift") }.sorted().map { "\(folder)/\($0)" }
    }
}

/// A line of a source file.
struct SourceLine {
    var number: Int
    var text: String

    /// The lines that are not wholly comment.
    static func code(of file: String) throws -> [SourceLine] {
        try SourceTree.text(file).split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap {
            let line = SourceLine(number: $0.offset + 1, text: String($0.element))
            return line.text.drop { $0 == " " }.hasPrefix("//") ? nil : line
        }
    }

    private static let modifiers: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    private static let kinds: Set<Substring> = [
        "struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor",
    ]

    /// The module that the line imports: `NIOCore` of `@preconcurrency package import struct NIOCore.ByteBuffer`.
    var importedModule: String? {
        var words = self.text.split { $0 == " " || $0 == "\t" }[...]
        while let word = words.first, word.hasPrefix("@") || Self.modifiers.contains(word) { words.removeFirst() }
        guard words.popFirst() == "import" else { return nil }
        if let kind = words.first, Self.kinds.contains(kind) { words.removeFirst() }
        return words.first?.split(separator: ".").first.map(String.init)
    }

    /// Whether the word stands here and is not the end of a longer one.
    func contains(word: String) -> Bool {
        self.text.ranges(of: word).contains { range in
            guard range.lowerBound > self.text.startIndex, word.first?.isLetter == true else { return true }
            let before = self.text[self.text.index(before: range.lowerBound)]
            return !(before.isLetter || before.isNumber || before == "_")
        }
    }
}
