import TernPolicy
import TernPorts

/// The texts of `AccessDenied` errors (specification §6.6).
enum DenialMessage {
    /// What callers of other accounts and anonymous ones are told.
    static let withoutExplanation = "Access Denied"

    /// - Parameter resource: That of the request, or the access point before it.
    static func text(for request: AuthorizationRequest, on resource: String, reason: DenyReason) -> String {
        // Only S3 puts the resource in quotes.
        let resource = request.action.hasPrefix("s3:") ? "\"\(resource)\"" : resource
        return
            "User: \(request.principal.arn) is not authorized to perform: \(request.action) on resource: \(resource) "
            + reason.denialText(action: request.action)
    }
}
