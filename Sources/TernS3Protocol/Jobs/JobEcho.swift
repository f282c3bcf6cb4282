/// Gives the parameters of a job back as they were sent (spec rule BR-DJ-1).
///
/// Elements of lists are called `member`, whatever the request called them, as SDKs expect it (spec rule BR-API-6).
package enum JobEcho {
    /// The members of CreateJob that DescribeJob repeats.
    package static let members = ["Operation", "Report", "Manifest", "ManifestGenerator"]

    private static let lists: Set<String> = [
        "Fields", "ObjectReplicationStatuses", "MatchAnyStorageClass", "MatchAnyPrefix", "MatchAnySuffix",
        "MatchAnySubstring", "NewObjectTagging", "TagSet", "AccessControlGrants", "Grants",
    ]

    /// Writes an element with all that is in it.
    package static func write(_ node: XMLNode, to xml: inout XMLWriter) {
        self.write(node, as: node.name, to: &xml)
    }

    private static func write(_ node: XMLNode, as name: String, to xml: inout XMLWriter) {
        if node.children.isEmpty {
            xml.element(dynamic: name, self.lists.contains(name) ? "" : node.text)
            return
        }
        xml.open(dynamic: name)
        for child in node.children { self.write(child, as: self.name(of: child, in: name), to: &xml) }
        xml.close(dynamic: name)
    }

    private static func name(of child: XMLNode, in parent: String) -> String {
        if self.lists.contains(parent) { return "member" }
        return switch parent {
        case "MatchAnyObjectEncryption": "ObjectEncryption"
        case "UserMetadata", "UserArguments": "entry"
        default: child.name
        }
    }

    // MARK: Comparison

    /// Whether the parameters of two requests are the same, those too that nothing follows from; whatever their order, and
    /// what lists call their elements (spec rule BR-CJ-5).
    package static func isEqual(_ left: XMLNode, _ right: XMLNode) -> Bool {
        self.members.allSatisfy { member in
            left[member].map { self.text(of: $0, as: member) } == right[member].map { self.text(of: $0, as: member) }
        }
    }

    private static func text(of node: XMLNode, as name: String) -> String {
        if node.children.isEmpty {
            let text = self.lists.contains(name) ? "" : node.text
            // With its length, so that no text looks like an element.
            return "\(name) \(text.utf8.count) \(text)"
        }
        let children = node.children.map { self.text(of: $0, as: self.name(of: $0, in: name)) }
        return "\(name)(\(children.sorted().joined(separator: ",")))"
    }
}
