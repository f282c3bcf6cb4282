/// What a request from inside the process brings with it that a client's cannot.
package struct InsideRequest: Sendable {
    /// The session of a role, or a service.
    package var principal: Principal
    /// Condition keys beside those that the request itself has, such as `aws:SourceArn`.
    package var conditions: [String: [String]]
    /// Whether GetObject may have archived bytes without a restore, if the principal may restore the object.
    package var readsArchives: Bool

    package init(principal: Principal, conditions: [String: [String]] = [:], readsArchives: Bool = false) {
        self.principal = principal
        self.conditions = conditions
        self.readsArchives = readsArchives
    }
}

/// Answers S3 requests that a part of the server makes in a principal's name, such as those of a job's tasks as a role:
/// authorized, logged and answered like a client's, without a signature.
package protocol RoleRequestResponder: Sendable {
    /// - Parameter head: In the path style, with a `content-length` where there is a body.
    func respond(to head: HTTPRequestHead, body: any HTTPRequestBody, as inside: InsideRequest) async -> HTTPAnswer
}
