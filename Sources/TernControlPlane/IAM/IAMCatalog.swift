import FoundationEssentials
package import TernCore
package import TernPorts
package import TernRecords

/// IAM and the accounts of this region, in memory: the truth in the home region, a copy that follows elsewhere.
package final class IAMCatalog: Sendable {
    private let rootKey: (any RootKey)?
    private let wall: any WallClock
    private let random: any RandomSource
    private let followed: FollowedState<IAMState>

    /// - Parameter configured: The accounts of the configuration.
    package init(
        log: any ControlLog, configured: [Account], rootKey: (any RootKey)?, wall: any WallClock,
        random: any RandomSource
    ) {
        self.rootKey = rootKey
        self.wall = wall
        self.random = random
        // Caches of decisions outlive what decides nothing.
        self.followed = FollowedState(
            log: log, empty: IAMState(configured: configured, rootKey: rootKey), decides: { !IAMState.isUse($0) })
    }

    /// The state at this moment.
    package var state: IAMState { self.followed.value }

    package var revision: UInt64 { self.followed.revision }

    /// Whether secrets can be sealed, so that access keys can be made.
    package var hasRootKey: Bool { self.rootKey != nil }

    // MARK: Following the log

    /// Reads every row: at the start, and when it is not known what the log has.
    package func load() async throws(ControlLogError) { try await self.followed.load() }

    /// Takes rows over that the log of the home region has changed here. Rows that cannot be read are tried again at the
    /// next call.
    package func refresh(_ keys: [[UInt8]]) async throws(ControlLogError) { try await self.followed.refresh(keys) }

    // MARK: Changes

    /// Makes a change. Home region only.
    ///
    /// - Parameter plan: A pure function: it may be asked several times.
    package func change<Result: Sendable>(
        _ plan: (IAMState) throws(IAMError) -> IAMPlan<Result>
    ) async throws(IAMError) -> Result {
        let result = try await self.followed.change(
            notStored: .serviceFailure(
                "The request processing has failed because of an unknown error, exception or failure."), plan)
        guard let result else {
            throw IAMError(
                code: "ConcurrentModification", status: 409,
                message: "The request was rejected because multiple requests to change this object were submitted "
                    + "simultaneously. Wait a few minutes and submit your request again.")
        }
        return result
    }

    // MARK: What plans are handed

    package var now: Timestamp { self.wall.now }

    /// An ID that was never used (ACC-5): prefix and 17 characters, or 16 for access keys.
    package func makeID(_ prefix: String) -> String {
        let count = prefix == IAMKeys.prefix ? 16 : 17
        return prefix + RandomText.make(count, of: RandomText.identifiers, self.random)
    }

    /// An access key with its secret, which is sealed and shown once.
    package func makeAccessKey() throws(IAMError) -> (key: IAMAccessKey, secret: String) {
        guard let rootKey = self.rootKey else {
            throw .serviceFailure(
                "Access keys cannot be made: this region has no root key to seal their secrets with (kms.root_key_file)."
            )
        }
        var key = IAMAccessKey()
        key.id = self.makeID(IAMKeys.prefix)
        let secret = RandomText.make(40, of: RandomText.secrets, self.random)
        key.sealedSecret = .init(rootKey.seal(Array(secret.utf8), label: IAMCredential.label(key.id)))
        key.createdMs = self.wall.now.milliseconds
        return (key, secret)
    }

    /// 12 digits, the first of which is none that spreadsheets drop.
    package func makeAccountNumber() -> String {
        self.text(1, of: "123456789") + self.text(11, of: "0123456789")
    }

    /// 64 hexadecimal digits.
    package func makeCanonicalID() -> String { self.text(64, of: "0123456789abcdef") }

    private func text(_ count: Int, of alphabet: String) -> String {
        RandomText.make(count, of: Array(alphabet.utf8), self.random)
    }
}
