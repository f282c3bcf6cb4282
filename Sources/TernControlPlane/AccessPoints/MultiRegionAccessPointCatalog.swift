import Synchronization
package import TernCore
package import TernPorts
package import TernS3Protocol

/// The Multi-Region Access Points of the federation, in memory: the truth in the home region, a copy that follows
/// elsewhere.
///
/// Changes go one way: planned on the state, appended to the log, applied in memory. One at a time; the generation row
/// makes sure that nothing else came between.
package final class MultiRegionAccessPointCatalog: Sendable {
    private struct Contents: Sendable {
        var state = MultiRegionAccessPointState()
        /// Rows that changed and could not be read yet.
        var unread: Set<[UInt8]> = []
    }

    /// Rings when a request was taken that is to be worked on.
    package let taken = Wakeup()

    private let log: any ControlLog
    private let freshness: any DirectoryFreshness
    private let contents = Mutex(Contents())
    /// Held while the log is written, or rows are read from it.
    private let turn = AsyncLock()

    /// How often a change is planned anew before it gives up.
    private static let maximumAttempts = 100

    package init(log: any ControlLog, freshness: any DirectoryFreshness) {
        self.log = log
        self.freshness = freshness
    }

    /// The state at this moment.
    package var state: MultiRegionAccessPointState { self.contents.withLock { $0.state } }

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
        let concerned = keys.filter { $0.starts(with: MultiRegionAccessPointState.prefix) }
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
        var state = MultiRegionAccessPointState()
        for row in try await self.log.rows(prefix: MultiRegionAccessPointState.prefix) {
            do { try state.apply(row.key, row.value) } catch { throw Self.damaged(row.key) }
        }
        self.contents.withLock { $0.state = state }
    }

    private func apply(_ rows: [ControlWrite]) throws(ControlLogError) {
        var state = self.state
        for row in rows {
            do { try state.apply(row.key, row.value) } catch { throw Self.damaged(row.key) }
        }
        self.contents.withLock { $0.state = state }
    }

    private static func damaged(_ key: [UInt8]) -> ControlLogError {
        ControlLogError("the row \(String(decoding: key, as: UTF8.self)) cannot be read")
    }

    // MARK: Changes

    /// Makes a change. Home region only.
    ///
    /// - Parameter plan: A pure function: it may be asked several times.
    package func change<Result: Sendable>(
        _ plan: (MultiRegionAccessPointState) throws(S3Error) -> MultiRegionAccessPointPlan<Result>
    ) async throws(S3Error) -> Result {
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
                throw .accessPointsNotStored
            }
        }
        throw .operationAborted
    }

    private func append(
        _ changes: [ControlWrite], to state: MultiRegionAccessPointState
    ) async throws(ControlLogError) -> Bool {
        let key = MultiRegionAccessPointState.prefix
        let writes = changes + [ControlWrite(key: key, value: Self.bytes(state.generation + 1))]
        let previous = state.generation == 0 ? nil : Self.bytes(state.generation)
        guard try await self.log.append(writes, requiring: [ControlRequirement(key: key, value: previous)]) else {
            return false
        }
        try self.apply(writes)
        return true
    }

    private static func bytes(_ generation: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: generation)
        return bytes
    }
}

extension MultiRegionAccessPointCatalog: MultiRegionAccessPoints {
    package func multiRegionAccessPoint(alias: String) -> MultiRegionAccessPoint? {
        self.contents.withLock { $0.state.point(alias: alias) }
    }

    package func isInUse(bucket: String, by account: AccountID) async throws(S3Error) -> Bool {
        guard await self.freshness.catchUp() else { throw .accessPointsNotKnown }
        return self.state.isInUse(bucket: bucket, by: account)
    }
}

/// What a change writes, and what its caller is told: made by a pure function of the state.
package struct MultiRegionAccessPointPlan<Result: Sendable>: Sendable {
    package var writes: [ControlWrite]
    package var result: Result

    package init(_ writes: [ControlWrite], _ result: Result) {
        self.writes = writes
        self.result = result
    }
}
