/// Answers S3 requests that a part of the server makes in a principal's name, such as those of a job's tasks as a role:
/// authorized, logged and answered like a client's, without a signature.
package protocol RoleRequestResponder: Sendable {
    /// - Parameters:
    ///   - head: In the path style, with a `content-length` where there is a body.
    ///   - principal: The session of a role, or a service.
    ///   - conditions: Condition keys beside those that the request itself has, such as `aws:SourceArn`.
    func respond(
        to head: HTTPRequestHead, body: any HTTPRequestBody, as principal: Principal, conditions: [String: [String]]
    ) async -> HTTPAnswer
}

extension RoleRequestResponder {
    package func respond(
        to head: HTTPRequestHead, body: any HTTPRequestBody, as principal: Principal
    ) async -> HTTPAnswer {
        await self.respond(to: head, body: body, as: principal, conditions: [:])
    }
}
