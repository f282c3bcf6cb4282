import TernCore

/// What a request target means to the console.
enum ConsoleRoute: Hashable, Sendable {
    case page
    case question(ConsoleQuestion)

    static let prefix = "/api/v1/"

    /// Whether a path needs the token, whatever is there.
    static func isProtected(_ path: String) -> Bool { path == "/api" || path.hasPrefix("/api/") }

    init(_ target: RequestTarget) throws(ConsoleProblem) {
        let path = target.rawPath
        if path == "/" {
            self = .page
            return
        }
        guard path.hasPrefix(Self.prefix) else { throw .notFound("There is no \(path) here.") }
        let name = path.dropFirst(Self.prefix.count)
        switch name {
        case "overview":
            _ = try ConsoleParameters(target, allowed: [])
            self = .question(.overview)
        case "failures":
            let parameters = try ConsoleParameters(target, allowed: ["bucket", "reason", "cursor", "limit"])
            self = .question(
                .failures(
                    ConsoleQuestion.FailureQuestion(
                        bucket: parameters["bucket"], reason: parameters["reason"], cursor: parameters["cursor"],
                        limit: try parameters.limit(standard: 100, most: 1000))))
        case "explain":
            let parameters = try ConsoleParameters(target, allowed: ["bucket", "key", "versionId"])
            self = .question(
                .explanation(
                    bucket: try parameters.required("bucket"), key: try parameters.required("key"),
                    versionID: parameters["versionId"]))
        case "jobs":
            let parameters = try ConsoleParameters(target, allowed: ["cursor", "limit"])
            self = .question(
                .jobs(after: parameters["cursor"], limit: try parameters.limit(standard: 50, most: 1000)))
        case "events":
            _ = try ConsoleParameters(target, allowed: [])
            self = .question(.events)
        case "events/dead":
            let parameters = try ConsoleParameters(target, allowed: ["target", "limit"])
            self = .question(
                .deadLetters(
                    target: try parameters.required("target"),
                    limit: try parameters.limit(standard: 100, most: 1000)))
        default:
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0] == "jobs", let id = PercentEncoding.decodeText(parts[1].utf8), !id.isEmpty
            else { throw .notFound("There is no \(path) here.") }
            _ = try ConsoleParameters(target, allowed: [])
            self = .question(.job(id))
        }
    }
}

/// The parameters of a question: none that it does not have, and none twice.
struct ConsoleParameters {
    private var values: [String: String] = [:]

    init(_ target: RequestTarget, allowed: Set<String>) throws(ConsoleProblem) {
        for item in target.query {
            guard allowed.contains(item.name) else {
                throw .badRequest("There is no parameter \(item.name) here.")
            }
            guard self.values[item.name] == nil else { throw .badRequest("\(item.name) is given twice.") }
            guard let value = item.value, !value.isEmpty else { throw .badRequest("\(item.name) has no value.") }
            self.values[item.name] = value
        }
    }

    subscript(name: String) -> String? { self.values[name] }

    func required(_ name: String) throws(ConsoleProblem) -> String {
        guard let value = self.values[name] else { throw .badRequest("\(name) is needed.") }
        return value
    }

    func limit(standard: Int, most: Int) throws(ConsoleProblem) -> Int {
        guard let text = self.values["limit"] else { return standard }
        guard let limit = Int(text), (1...most).contains(limit) else {
            throw .badRequest("limit is a number from 1 to \(most).")
        }
        return limit
    }
}
