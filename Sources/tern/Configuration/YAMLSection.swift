import Yams

/// One mapping of a configuration file, whose options are taken one by one; what is left over at the end is refused.
///
/// Every error names the file, the line and the option, and says what to do.
final class YAMLSection {
    private let file: String
    /// The names that lead here, such as `limits.`; empty at the top.
    private let path: String
    private let line: Int
    private var nodes: [String: Node] = [:]
    private var keyLines: [(key: String, line: Int)] = []
    private var known: [String] = []

    /// - Throws: ``CommandFailure`` when the node is not a mapping.
    init(_ node: Node, file: String, path: String = "", context: String? = nil) throws {
        self.file = file
        self.path = path
        self.line = node.mark?.line ?? 1
        guard let mapping = node.mapping else {
            let name = context ?? (path.isEmpty ? "the file" : String(path.dropLast()))
            throw CommandFailure(
                "\(file):\(self.line): \(name) must be a list of options, each on a line as `name: value`")
        }
        for (keyNode, value) in mapping {
            let line = keyNode.mark?.line ?? self.line
            guard let key = keyNode.scalar?.string else {
                throw CommandFailure("\(file):\(line): an option's name must be plain text")
            }
            self.nodes[key] = value
            self.keyLines.append((key, line))
        }
    }

    /// Reads a whole file.
    static func parse(_ text: String, file: String) throws -> YAMLSection {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch YamlError.duplicatedKeysInMapping(let names, let context) {
            // Its own text would show the whole file, secrets and all.
            let list = names.sorted().joined(separator: ", ")
            throw CommandFailure(
                "\(file): in the options from line \(context.mark.line) on, \(list) stands twice; remove one")
        } catch let error as YamlError {
            throw CommandFailure("\(file) is not valid YAML: \(error)")
        }
        guard let node, node.null == nil else {
            throw CommandFailure("\(file) is empty; docs/tern.example.yaml shows what belongs there")
        }
        return try YAMLSection(node, file: file)
    }

    func failure(_ key: String, _ message: String) -> CommandFailure {
        let line = self.keyLines.first { $0.key == key }?.line ?? self.line
        return CommandFailure("\(self.file):\(line): \(self.path)\(key) \(message)")
    }

    // MARK: Taking options

    private func take(_ key: String) -> Node? {
        self.known.append(key)
        guard let node = self.nodes.removeValue(forKey: key) else { return nil }
        // `name:` with nothing behind it means the default.
        return node.scalar?.string == "" && node.null != nil ? nil : node
    }

    func string(_ key: String) throws -> String? {
        guard let node = self.take(key) else { return nil }
        guard let text = node.scalar?.string else { throw self.failure(key, "must be one value, not a list") }
        return text
    }

    func requiredString(_ key: String, _ example: String) throws -> String {
        guard let text = try self.string(key), !text.isEmpty else {
            throw CommandFailure(
                "\(self.file):\(self.line): \(self.path)\(key) is missing; add it, for example `\(key): \(example)`")
        }
        return text
    }

    func integer(_ key: String, in range: ClosedRange<Int>, default value: Int) throws -> Int {
        guard let text = try self.string(key) else { return value }
        guard let number = Int(text.replacing("_", with: "")), range.contains(number) else {
            throw self.failure(
                key, "is `\(text)`; it must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func boolean(_ key: String, default value: Bool) throws -> Bool {
        guard let text = try self.string(key) else { return value }
        switch text.lowercased() {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: throw self.failure(key, "is `\(text)`; it must be true or false")
        }
    }

    /// A word that must be one of `words`.
    func choice<Value>(_ key: String, _ words: [(String, Value)], default value: Value) throws -> Value {
        guard let text = try self.string(key) else { return value }
        guard let found = words.first(where: { $0.0 == text }) else {
            throw self.failure(key, "is `\(text)`; it must be one of \(words.map(\.0).joined(separator: ", "))")
        }
        return found.1
    }

    func strings(_ key: String) throws -> [String]? {
        guard let node = self.take(key) else { return nil }
        guard let sequence = node.sequence else { throw self.failure(key, "must be a list") }
        return try sequence.map { item in
            guard let text = item.scalar?.string else { throw self.failure(key, "must be a list of plain values") }
            return text
        }
    }

    /// The mapping under `key`; an empty one where it is absent.
    func section(_ key: String) throws -> YAMLSection {
        let node = self.take(key) ?? Node.mapping(Node.Mapping([]))
        return try YAMLSection(node, file: self.file, path: "\(self.path)\(key).")
    }

    /// The mappings in the list under `key`.
    func sections(_ key: String) throws -> [YAMLSection] {
        guard let node = self.take(key) else { return [] }
        guard let sequence = node.sequence else { throw self.failure(key, "must be a list; begin each entry with `-`") }
        return try sequence.enumerated().map { index, item in
            try YAMLSection(item, file: self.file, path: "\(self.path)\(key)[\(index)].")
        }
    }

    // MARK: What is left

    /// Refuses options that nothing has taken.
    func finish() throws {
        guard let (key, line) = self.keyLines.first(where: { self.nodes[$0.key] != nil }) else { return }
        let near = self.known.min { Self.distance($0, key) < Self.distance($1, key) }
        let hint =
            if let near, Self.distance(near, key) <= max(2, near.count / 3) { "did you mean \(self.path)\(near)?" } else
            {
                "remove it; the options here are \(self.known.sorted().joined(separator: ", "))"
            }
        throw CommandFailure("\(self.file):\(line): \(self.path)\(key) is not an option; \(hint)")
    }

    /// How many letters must change to make one word of the other (Levenshtein).
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (index, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in right.enumerated() {
                let substitution = diagonal + (byte == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(substitution, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
