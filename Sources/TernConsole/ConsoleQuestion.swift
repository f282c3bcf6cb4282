import TernCore

/// What the console can be asked, with its parameters as they were checked.
package enum ConsoleQuestion: Hashable, Sendable {
    /// How the region is, and how its replication does.
    case overview
    /// Versions whose replication failed.
    case failures(FailureQuestion)
    /// Why a version replicates or not, and how far it has come. `versionID` is `nil` for the current one.
    case explanation(bucket: String, key: String, versionID: String?)
    /// Jobs of S3 Batch Operations, from the newest to the oldest, behind that with this token.
    case jobs(after: String?, limit: Int)
    case job(String)
    /// How the targets of event notifications do.
    case events
    case deadLetters(target: String, limit: Int)

    package struct FailureQuestion: Hashable, Sendable {
        /// All, where it is `nil`.
        package var bucket: String?
        package var reason: String?
        /// Where to go on, as the last page said.
        package var cursor: String?
        package var limit: Int

        package init(bucket: String? = nil, reason: String? = nil, cursor: String? = nil, limit: Int) {
            self.bucket = bucket
            self.reason = reason
            self.cursor = cursor
            self.limit = limit
        }
    }
}

/// Why a question is not answered.
package struct ConsoleProblem: Error, Hashable, Sendable {
    package var status: Int
    package var code: String
    package var message: String

    package init(status: Int, code: String, message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    package static func notFound(_ message: String) -> ConsoleProblem {
        ConsoleProblem(status: 404, code: "NotFound", message: message)
    }

    package static func badRequest(_ message: String) -> ConsoleProblem {
        ConsoleProblem(status: 400, code: "BadRequest", message: message)
    }
}

/// Answers questions with JSON documents, from where the commands of operators have theirs.
package protocol ConsoleSource: Sendable {
    func answer(_ question: ConsoleQuestion) async throws(ConsoleProblem) -> String
}
