/// Notes whose credentials were used, for `GetAccessKeyLastUsed` and `RoleLastUsed` of IAM. Costs next to nothing.
package protocol CredentialUses: Sendable {
    /// - Parameters:
    ///   - accessKeyID: Of a signature that was verified; `nil` where the server acts for the principal.
    ///   - service: As credential scopes have it.
    func note(_ principal: Principal, accessKeyID: String?, service: String)
}
