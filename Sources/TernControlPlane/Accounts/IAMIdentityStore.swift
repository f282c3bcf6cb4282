package import TernCore
package import TernPorts

/// The accounts and root keys of the configuration, and those that IAM keeps.
package struct IAMIdentityStore: IdentityStore {
    private let configured: StaticIdentityStore
    private let catalog: IAMCatalog

    package init(configured: StaticIdentityStore, catalog: IAMCatalog) {
        self.configured = configured
        self.catalog = catalog
    }

    package func accessKey(_ id: String, sessionToken: String?) async throws(SessionTokenProblem) -> AccessKey? {
        if let key = try await self.configured.accessKey(id, sessionToken: sessionToken) { return key }
        guard let key = self.catalog.accessKey(id) else { return nil }
        // Long-lived keys have no session token.
        guard sessionToken == nil else { throw .invalid }
        return key
    }

    package func account(_ id: AccountID) async -> Account? { self.catalog.state.account(id.description) }

    package func account(canonicalID: String) async -> Account? {
        self.catalog.state.account(canonicalID: canonicalID)
    }
}
