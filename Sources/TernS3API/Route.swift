/// How an operation is recognised (spec §3).
package struct Route: Sendable, Hashable {
    /// What a path leads to.
    package enum Resource: String, Sendable, Hashable {
        case service = "SERVICE"
        case bucket = "BUCKET"
        case object = "OBJECT"
    }

    package var method: String
    package var resource: Resource
    /// Query parameters that must be there, by name; for `list-type=2` the value too.
    package var query: [String]
    /// A header that must be there, in lower case.
    package var header: String?
    /// The whole path, where it is not that of a bucket or key but only looks like one.
    package var path: String?

    package init(
        _ method: String, _ resource: Resource, query: String..., header: String? = nil, path: String? = nil
    ) {
        self.method = method
        self.resource = resource
        self.query = query
        self.header = header
        self.path = path
    }

    /// For the coverage table.
    package var description: String {
        let path =
            switch self.resource {
            case _ where self.path != nil: self.path ?? ""
            case .service: "/"
            case .bucket: "/{Bucket}"
            case .object: "/{Bucket}/{Key+}"
            }
        let query = self.query.isEmpty ? "" : "?" + self.query.joined(separator: "&")
        return "\(self.method) \(path)\(query)" + (self.header.map { " with \($0)" } ?? "")
    }
}
