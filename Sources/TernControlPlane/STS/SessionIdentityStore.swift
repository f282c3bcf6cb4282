package import TernCore
package import TernPorts

/// Knows temporary credentials, beside the lasting ones of another store.
package struct SessionIdentityStore: IdentityStore {
    private let lasting: any IdentityStore
    /// `nil` where there is no root key, and so no sessions.
    private let tokens: SessionTokens?
    private let clock: any WallClock

    package init(lasting: any IdentityStore, tokens: SessionTokens?, clock: any WallClock) {
        self.lasting = lasting
        self.tokens = tokens
        self.clock = clock
    }

    package func accessKey(_ id: String, sessionToken: String?) async throws(SessionTokenProblem) -> AccessKey? {
        // Temporary keys stand nowhere but in their tokens.
        guard let sessionToken, id.hasPrefix("ASIA") else {
            return try await self.lasting.accessKey(id, sessionToken: sessionToken)
        }
        guard let tokens = self.tokens else { throw .invalid }
        return try await tokens.open(sessionToken, accessKeyID: id, now: self.clock.now)
    }

    package func account(_ id: AccountID) async -> Account? {
        id == Account.anonymous.id ? .anonymous : await self.lasting.account(id)
    }

    package func account(canonicalID: String) async -> Account? {
        canonicalID == Account.anonymous.canonicalID
            ? .anonymous : await self.lasting.account(canonicalID: canonicalID)
    }
}
