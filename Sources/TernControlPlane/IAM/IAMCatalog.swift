import FoundationEssentials
import Synchronization
package import TernCore
package import TernPorts
package import TernRecords

/// IAM and the accounts of this region, in memory: the truth in the home region, a copy that follows elsewhere.
///
/// Changes go one way: planned on the state, appended to the log, applied in memory. One at a time; the generation row
/// makes sure that nothing else came between.
package final class IAMCatalog: Sendable {
    private struct Contents: Sendable {
        var state: IAMState
        var revision: UInt64 = 0
        /// Rows that changed and could not be read yet.
        var unread: Set<[UInt8]> = []
    }

    private let log: any ControlLog
    private let rootKey: (any RootKey)?
    private let configured: [Account]
    private let wall: any WallClock
    private let random: any RandomSource
    private let contents: Mutex<Contents>
    /// Held while the log is written, or rows are read from it.
    private let turn = AsyncLock()

    /// How often a change is planned anew before it gives up.
    private static let maximumAttempts = 100

    /// - Parameter configured: The accounts of the configuration.
    package init(
        log: any ControlLog, configured: [Account], rootKey: (any RootKey)?, wall: any WallClock,
        random: any RandomSource
    ) {
        self.log = log
        self.rootKey = rootKey
        self.configured = configured
        self.wall = wall
        self.random = random
        self.contents = Mutex(Contents(state: IAMState(configured: configured, rootKey: rootKey)))
    }

    /// The state at this moment.
    package var state: IAMState { self.contents.withLock { $0.state } }

    package var revision: UInt64 { self.contents.withLock { $0.revision } }

    /// Whether secrets can be sealed, so that access keys can be made.
    package var hasRootKey: Bool { self.rootKey != nil }

    // MARK: Following the log

    /// Reads every row: at the start, and when it is not known what the log has.
    package func load() async throws(ControlLogError) {
        await self.turn.acquire()
        defer { self.turn.release() }
        try await self.reload()
    }

    /// Takes rows over that the log of the home region has changed here. Rows that cannot be read are tried again at the
    /// next call.
    package func refresh(_ keys: [[UInt8]]) async throws(ControlLogError) {
        let concerned = keys.filter { $0.starts(with: IAMState.prefix) }
        if concerned.isEmpty, self.contents.withLock({ $0.unread.isEmpty }) { return }
        await self.turn.acquire()
        defer { self.turn.release() }
        let wanted = self.contents.withLock { contents in
            contents.unread.formUnion(concerned)
            return contents.unread
        }
        var rows: [ControlWrite] = []
        for key in wanted { rows.append(ControlWrite(key: key, value: try await self.log.row(key))) }
        try self.apply(rows)
        self.contents.withLock { $0.unread.subtract(wanted) }
    }

    private func reload() async throws(ControlLogError) {
        var state = IAMState(configured: self.configured, rootKey: self.rootKey)
        for row in try await self.log.rows(prefix: IAMState.prefix) {
            do { try state.apply(row.key, row.value) } catch { throw Self.damaged(row.key) }
        }
        self.contents.withLock { contents in
            contents.state = state
            contents.revision += 1
        }
    }

    private func apply(_ rows: [ControlWrite]) throws(ControlLogError) {
        var state = self.state
        for row in rows {
            do { try state.apply(row.key, row.value) } catch { throw Self.damaged(row.key) }
        }
        self.contents.withLock { contents in
            contents.state = state
            // Caches of decisions outlive what decides nothing.
            let decides = rows.contains { !IAMState.isUse($0.key) && $0.key != IAMState.generationKey }
            if decides { contents.revision += 1 }
        }
    }

    private static func damaged(_ key: [UInt8]) -> ControlLogError {
        ControlLogError("the row \(String(decoding: key, as: UTF8.self)) cannot be read")
    }

    // MARK: Changes

    /// Makes a change. Home region only.
    ///
    /// - Parameter plan: A pure function: it may be asked several times.
    package func change<Result: Sendable>(
        _ plan: (IAMState) throws(IAMError) -> IAMPlan<Result>
    ) async throws(IAMError) -> Result {
        await self.turn.acquire()
        defer { self.turn.release() }
        for _ in 0..<Self.maximumAttempts {
            let state = self.state
            let planned = try plan(state)
            if planned.writes.isEmpty { return planned.result }
            do {
                if try await self.append(planned.writes, to: state) { return planned.result }
                // Another change came first, or one whose outcome was not known was made after all.
                try await self.reload()
            } catch {
                throw .serviceFailure(
                    "The request processing has failed because of an unknown error, exception or failure.")
            }
        }
        throw IAMError(
            code: "ConcurrentModification", status: 409,
            message: "The request was rejected because multiple requests to change this object were submitted "
                + "simultaneously. Wait a few minutes and submit your request again.")
    }

    private func append(_ changes: [ControlWrite], to state: IAMState) async throws(ControlLogError) -> Bool {
        let writes = changes + [ControlWrite(key: IAMState.generationKey, value: Self.bytes(state.generation + 1))]
        let previous = state.generation == 0 ? nil : Self.bytes(state.generation)
        let requirement = ControlRequirement(key: IAMState.generationKey, value: previous)
        guard try await self.log.append(writes, requiring: [requirement]) else { return false }
        try self.apply(writes)
        return true
    }

    private static func bytes(_ generation: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: generation)
        return bytes
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
