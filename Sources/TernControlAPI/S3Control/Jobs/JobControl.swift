package import TernControlPlane
import TernCore
package import TernPorts

/// The operations of S3 Control about jobs of S3 Batch Operations (batch-replication §1).
///
/// Jobs belong to the region that is asked, so nothing here is handed to another one.
package struct JobControl: Sendable {
    let store: JobStore
    let authorizer: any Authorizer
    /// Whether there is something that runs functions (TD-3).
    let invokesFunctions: Bool
    private let rates: JobRequestRates

    /// - Parameter requestsPerSecond: How many requests an account may make (TD-2).
    package init(store: JobStore, authorizer: any Authorizer, invokesFunctions: Bool, requestsPerSecond: Int) {
        self.store = store
        self.authorizer = authorizer
        self.invokesFunctions = invokesFunctions
        self.rates = JobRequestRates(requestsPerSecond: requestsPerSecond)
    }

    /// Whether a path is about jobs.
    ///
    /// - Parameter path: Behind the version of the API.
    static func owns(_ path: Substring) -> Bool {
        path == "jobs" || path.hasPrefix("jobs/")
    }

    func answer(_ request: ControlRequest, for account: AccountID) async throws(ControlError) -> HTTPAnswer {
        guard let document = try await self.perform(request, for: account) else {
            return S3ControlXML.empty(200, requestID: request.requestID)
        }
        return S3ControlXML.answer(200, document, requestID: request.requestID)
    }

    /// The body of the answer; `nil` for one without.
    private func perform(_ request: ControlRequest, for account: AccountID) async throws(ControlError) -> [UInt8]? {
        guard let target = RequestTarget(request.head.target) else {
            throw .badRequest("The query cannot be read.")
        }
        try Self.checkHost(request.head.headers["host"] ?? "", account)
        // Nobody manages the jobs of another account, whatever policies say (spec rule BR-API-4).
        guard request.principal.account?.id == account else { throw .accessDenied("Access Denied") }
        guard self.rates.admit(account, at: request.now) else { throw .slowDown }
        let call = JobCall(control: self, request: request, account: account, target: target)
        let parts = S3ControlService.path(of: request.head).split(separator: "/", omittingEmptySubsequences: false)
            .map(String.init)
        switch (request.head.method, parts.count, parts.last ?? "") {
        case ("POST", 1, _): return try await call.create()
        case ("GET", 1, _): return try await call.list()
        case ("GET", 2, let id): return try await call.describe(id)
        case ("POST", 3, "priority"): return try await call.updatePriority(of: parts[1])
        case ("POST", 3, "status"): return try await call.updateStatus(of: parts[1])
        case ("GET", 3, "tagging"): return try await call.tags(of: parts[1])
        case ("PUT", 3, "tagging"):
            try await call.putTags(of: parts[1])
            return nil
        case ("DELETE", 3, "tagging"):
            try await call.deleteTags(of: parts[1])
            return nil
        default: throw .methodNotAllowed
        }
    }

    /// An account in front of the host has to be the one that the header names (spec rule BR-API-4).
    private static func checkHost(_ host: String, _ account: AccountID) throws(ControlError) {
        guard let named = AccountID(String(host.prefix { $0 != "." })), named != account else { return }
        throw .badRequest("The account of the host is not the account of the header \(S3ControlService.accountHeader).")
    }
}

extension ControlError {
    static func badRequest(_ message: String) -> ControlError {
        ControlError("BadRequestException", status: 400, message: message)
    }

    /// TD-2
    static let slowDown = ControlError("SlowDown", status: 503, message: "Please reduce your request rate")

    /// TD-1
    static let noSuchJob = ControlError("NoSuchJobException", status: 404, message: "No such job")

    init(_ error: JobStoreError) {
        switch error {
        case .tokenReused:
            self.init(
                "IdempotencyException", status: 400,
                message: "The client request token was used before, for a job with other parameters.")
        case .tooManyJobs:
            self.init(
                "TooManyRequestsException", status: 400,
                message: "The account has too many jobs that have not ended.")
        case .illegalTransition(let transition):
            self.init("JobStatusException", status: 400, message: Self.text(for: transition))
        case .hasEnded:
            self.init("BadRequestException", status: 400, message: "The job is in a terminal state")
        case .damaged, .storage:
            self.init(
                "InternalServiceException", status: 500,
                message: "We encountered an internal error. Please try again.")
        }
    }
}
