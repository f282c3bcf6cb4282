import TernControlPlane
import TernCore

/// An error of CloudWatch: its code as the Query protocol has it, which clients of the other protocols see too.
struct CloudWatchError: Error, Hashable, Sendable {
    var code: String
    var status: Int
    var message: String

    init(_ code: String, status: Int = 400, _ message: String) {
        self.code = code
        self.status = status
        self.message = message
    }

    init(_ error: ControlError) {
        self.init(error.code, status: error.status, error.message)
    }

    init(_ problem: MetricStoreProblem) {
        switch problem {
        case .tooManySeries:
            self.init("LimitExceeded", "This region keeps \(MetricStore.maximumSeries) metrics at most.")
        case .storage:
            self.init("InternalServiceError", status: 500, "The metrics cannot be read or written. Please retry.")
        }
    }

    /// The name of the error's shape in the model of the service.
    var shape: String {
        switch self.code {
        case "InvalidParameterValue", "InvalidParameterCombination", "AccessDenied": self.code + "Exception"
        case "MissingParameter": "MissingRequiredParameterException"
        case "LimitExceeded": "LimitExceededFault"
        case "InternalServiceError": "InternalServiceFault"
        case "InvalidAction": "UnknownOperationException"
        default: self.code
        }
    }

    static func missing(_ parameter: String) -> CloudWatchError {
        CloudWatchError("MissingParameter", "The parameter \(parameter) is required.")
    }

    static func value(_ message: String) -> CloudWatchError { CloudWatchError("InvalidParameterValue", message) }

    static func combination(_ message: String) -> CloudWatchError {
        CloudWatchError("InvalidParameterCombination", message)
    }

    static func malformed(_ parameter: String) -> CloudWatchError {
        CloudWatchError("SerializationException", "The parameter \(parameter) has a value of another type.")
    }

    static let invalidToken = CloudWatchError("InvalidNextToken", "The next token is invalid.")
}
