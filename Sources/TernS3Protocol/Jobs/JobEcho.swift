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
        for child in node.children {
            let childName =
                if self.lists.contains(name) { "member" } else if name == "MatchAnyObjectEncryption" {
                    "ObjectEncryption"
                } else if name == "UserMetadata" || name == "UserArguments" { "entry" } else { child.name }
            self.write(child, as: childName, to: &xml)
        }
        xml.close(dynamic: name)
    }
}
