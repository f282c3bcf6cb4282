import TernCore

/// What a request to S3 Control wants of a Multi-Region Access Point, by its method and path.
enum MultiRegionAccessPointRoute: Hashable, Sendable {
    case create
    case delete
    case putPolicy
    /// The token as it came, decoded.
    case describe(token: String)
    case list
    case get(name: String)
    case getPolicy(name: String)
    case getPolicyStatus(name: String)
    /// The access point as it was named: by its ARN, it should be.
    case getRoutes(String)
    case submitRoutes(String)

    private static let requests = "async-requests/mrap/"
    private static let instances = "mrap/instances"

    /// `nil` for another path.
    ///
    /// - Parameter path: Behind the version; ARNs in it may be encoded, slashes among them.
    /// - Throws: `MethodNotAllowed` where the path is one of theirs, and the method is not.
    init?(method: String, path: String) throws(ControlError) {
        guard let path = PercentEncoding.decodeText(path.utf8) else { return nil }
        if path.hasPrefix(Self.requests) {
            let rest = String(path.dropFirst(Self.requests.count))
            switch (method, rest) {
            case ("POST", "create"): self = .create
            case ("POST", "delete"): self = .delete
            case ("POST", "put-policy"): self = .putPolicy
            case ("GET", _): self = .describe(token: rest)
            default: throw .methodNotAllowed
            }
        } else if path == Self.instances || path == Self.instances + "/" {
            guard method == "GET" else { throw .methodNotAllowed }
            self = .list
        } else if path.hasPrefix(Self.instances + "/") {
            self = try Self.instance(method, String(path.dropFirst(Self.instances.count + 1)))
        } else {
            return nil
        }
    }

    private static func instance(_ method: String, _ rest: String) throws(ControlError) -> Self {
        if let mrap = self.name(rest, before: "/routes") {
            switch method {
            case "GET": return .getRoutes(mrap)
            case "PATCH": return .submitRoutes(mrap)
            default: throw .methodNotAllowed
            }
        }
        guard method == "GET" else { throw .methodNotAllowed }
        if let name = self.name(rest, before: "/policystatus") { return .getPolicyStatus(name: name) }
        if let name = self.name(rest, before: "/policy") { return .getPolicy(name: name) }
        return .get(name: rest)
    }

    private static func name(_ text: String, before ending: String) -> String? {
        text.hasSuffix(ending) ? String(text.dropLast(ending.count)) : nil
    }
}
