import TernCore

/// Puts the parameters of the Query protocol together to the structures that their names spell:
/// `Dimensions.member.1.Name=BucketName` is a list of structures.
struct QueryTree {
    private final class Node {
        var text: String?
        var children: [String: Node] = [:]
    }

    private static let maximumDepth = 16

    /// - Throws: `MalformedInput` for what is no form.
    static func parse(_ parameters: [String: String]) throws(ControlError) -> ServiceValue {
        let root = Node()
        for (name, value) in parameters {
            var node = root
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count <= Self.maximumDepth else {
                throw ControlError("MalformedInput", status: 400, message: "The request cannot be read.")
            }
            for part in parts {
                let next = node.children[String(part)] ?? Node()
                node.children[String(part)] = next
                node = next
            }
            node.text = value
        }
        return root.children.isEmpty ? .object([:]) : self.value(root)
    }

    private static func value(_ node: Node) -> ServiceValue {
        if node.children.isEmpty { return .string(node.text ?? "") }
        if node.children.count == 1, let list = node.children["member"] {
            let members = list.children.compactMap { name, node in Int(name).map { ($0, node) } }
            return .array(members.sorted { $0.0 < $1.0 }.map { self.value($0.1) })
        }
        return .object(node.children.mapValues(self.value))
    }
}
