package import TernCore

/// What a request wants to do, in the words of IAM.
package struct AuthorizationRequest: Sendable {
    package var principal: Principal
    /// For example `s3:GetObjectVersion`.
    package var action: String
    /// For example `arn:aws:s3:::bucket/key`.
    package var resource: String
    /// The account that owns the bucket; `nil` where no bucket is concerned.
    package var resourceOwner: AccountID?
    /// Condition keys and their values, for example `s3:prefix`.
    package var context: [String: [String]]

    package init(
        principal: Principal, action: String, resource: String, resourceOwner: AccountID?,
        context: [String: [String]] = [:]
    ) {
        self.principal = principal
        self.action = action
        self.resource = resource
        self.resourceOwner = resourceOwner
        self.context = context
    }
}

/// A decision and what made it.
package enum AuthorizationDecision: Sendable, Hashable {
    case allowed
    /// `message` is the text of the `AccessDenied` error.
    case denied(message: String)
}

/// Decides whether a principal may perform an action.
package protocol Authorizer: Sendable {
    func authorize(_ request: AuthorizationRequest) async -> AuthorizationDecision
}

/// The account that owns the bucket may do everything, others nothing.
package struct OwnerOnlyAuthorizer: Authorizer {
    package init() {}

    package func authorize(_ request: AuthorizationRequest) async -> AuthorizationDecision {
        guard let account = request.principal.account else { return .denied(message: "Access Denied") }
        if let owner = request.resourceOwner, owner != account.id { return .denied(message: "Access Denied") }
        return .allowed
    }
}
