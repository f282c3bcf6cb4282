/// Invokes functions for LambdaInvoke.
package protocol FunctionRunner: Sendable {
    /// - Returns: The function's answer.
    func invoke(_ arn: String, payload: [UInt8]) async throws(FunctionFailure) -> [UInt8]
}

/// Why an invocation gave no answer of the function; the text says more, for people.
package enum FunctionFailure: Error, Hashable, Sendable {
    /// Nobody listens where functions are invoked, or its name leads nowhere.
    case unreachable(String)
    /// The other side is not who it should be, or does not speak TLS.
    case tls(String)
    /// The function took too long.
    case timeout(String)
    /// The connection broke before the answer was there.
    case broken(String)
    /// Whoever invokes functions refused it.
    case refused(status: Int, code: String, message: String)
    /// The function itself failed: what it raised.
    case raised(String)

    /// What the report says of it. There is no HTTP status where there was no answer: 503 and 504 stand for it.
    var result: RoleRequestFailure {
        switch self {
        case .unreachable(let text): RoleRequestFailure(status: 503, code: "FunctionUnreachable", message: text)
        case .tls(let text): RoleRequestFailure(status: 502, code: "FunctionTLSFailure", message: text)
        case .timeout(let text): RoleRequestFailure(status: 504, code: "FunctionTimeout", message: text)
        case .broken(let text): RoleRequestFailure(status: 502, code: "FunctionConnectionBroken", message: text)
        case .refused(let status, let code, let message):
            RoleRequestFailure(status: status, code: code, message: message)
        case .raised(let text):
            RoleRequestFailure(
                status: 200, code: "PermanentFailure", message: "Lambda returned function error: \(text)")
        }
    }
}
