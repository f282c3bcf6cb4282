/// Answers S3 requests that a part of the server makes in a role's name, such as those of a job's tasks: authorized,
/// logged and answered like a client's, without a signature.
package protocol RoleRequestResponder: Sendable {
    /// - Parameters:
    ///   - head: In the path style, with a `content-length` where there is a body.
    ///   - principal: The session of the role.
    func respond(to head: HTTPRequestHead, body: any HTTPRequestBody, as principal: Principal) async -> HTTPAnswer
}
