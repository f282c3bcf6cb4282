import Synchronization
import TernCore
import TernPorts

/// What a part of the control plane makes of its rows: a value that changes with each of them.
protocol ControlState: Sendable {
    /// Before the keys of all its rows. By itself it is the key of the generation.
    static var prefix: [UInt8] { get }
    /// Grows with every change; 0 before the first.
    var generation: UInt64 { get }

    /// Takes a row as it is now.
    ///
    /// - Throws: When the row's value is not what it should be.
    mutating func apply(_ key: [UInt8], _ value: [UInt8]?) throws
}

/// What a change writes, and what its caller is told: made by a pure function of the state.
package struct ControlPlan<Result: Sendable>: Sendable {
    package var writes: [ControlWrite]
    package var result: Result

    package init(_ writes: [ControlWrite], _ result: Result) {
        self.writes = writes
        self.result = result
    }
}

/// A state of the control plane, in memory: the truth in the home region, a copy that follows elsewhere.
///
/// Changes go one way: planned on the state, appended to the log, applied in memory. One at a time; the generation row
/// makes sure that nothing else came between.
final class FollowedState<State: ControlState>: Sendable {
    private struct Contents: Sendable {
        var state: State
        var revision: UInt64 = 0
        /// Rows that changed and could not be read yet.
        var unread: Set<[UInt8]> = []
    }

    private let log: any ControlLog
    private let empty: State
    private let decides: @Sendable ([UInt8]) -> Bool
    private let contents: Mutex<Contents>
    /// Held while the log is written, or rows are read from it.
    private let turn = AsyncLock()

    /// How often a change is planned anew before it gives up.
    private static var maximumAttempts: Int { 100 }

    /// - Parameters:
    ///   - empty: As it is without any row.
    ///   - decides: Whether a change of this row makes another ``revision``.
    init(log: any ControlLog, empty: State, decides: @escaping @Sendable ([UInt8]) -> Bool = { _ in true }) {
        self.log = log
        self.empty = empty
        self.decides = decides
        self.contents = Mutex(Contents(state: empty))
    }

    /// The state at this moment.
    var value: State { self.contents.withLock { $0.state } }

    /// Grows with every change that decides anything, for caches.
    var revision: UInt64 { self.contents.withLock { $0.revision } }

    /// Looks at the state without a copy of it; must return quickly.
    func read<Result: Sendable>(_ body: (State) -> Result) -> Result { self.contents.withLock { body($0.state) } }

    // MARK: Following the log

    /// Reads every row: at the start, and when it is not known what the log has.
    func load() async throws(ControlLogError) {
        await self.turn.acquire()
        defer { self.turn.release() }
        try await self.reload()
    }

    /// Takes rows over that the log of the home region has changed here. Rows that cannot be read are tried again at the
    /// next call.
    func refresh(_ keys: [[UInt8]]) async throws(ControlLogError) {
        let concerned = keys.filter { $0.starts(with: State.prefix) }
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
        var state = self.empty
        for row in try await self.log.rows(prefix: State.prefix) {
            do { try state.apply(row.key, row.value) } catch { throw Self.damaged(row.key) }
        }
        self.contents.withLock { contents in
            contents.state = state
            contents.revision += 1
        }
    }

    private func apply(_ rows: [ControlWrite]) throws(ControlLogError) {
        var state = self.value
        for row in rows {
            do { try state.apply(row.key, row.value) } catch { throw Self.damaged(row.key) }
        }
        self.contents.withLock { contents in
            contents.state = state
            if rows.contains(where: { $0.key != State.prefix && self.decides($0.key) }) { contents.revision += 1 }
        }
    }

    private static func damaged(_ key: [UInt8]) -> ControlLogError {
        ControlLogError("the row \(String(decoding: key, as: UTF8.self)) cannot be read")
    }

    // MARK: Changes

    /// Makes a change. Home region only.
    ///
    /// - Parameters:
    ///   - notStored: What is thrown where the log could not be written or read.
    ///   - plan: A pure function: it may be asked several times.
    /// - Returns: What the plan tells; `nil` where others have come first again and again.
    func change<Result, Failure>(
        notStored: Failure, _ plan: (State) throws(Failure) -> ControlPlan<Result>
    ) async throws(Failure) -> Result? {
        await self.turn.acquire()
        defer { self.turn.release() }
        for _ in 0..<Self.maximumAttempts {
            let state = self.value
            let planned = try plan(state)
            if planned.writes.isEmpty { return planned.result }
            do throws(ControlLogError) {
                if try await self.append(planned.writes, to: state) { return planned.result }
                // Another change came first, or one whose outcome was not known was made after all.
                try await self.reload()
            } catch {
                throw notStored
            }
        }
        return nil
    }

    private func append(_ changes: [ControlWrite], to state: State) async throws(ControlLogError) -> Bool {
        let writes = changes + [ControlWrite(key: State.prefix, value: Self.bytes(state.generation + 1))]
        let previous = state.generation == 0 ? nil : Self.bytes(state.generation)
        let requirement = ControlRequirement(key: State.prefix, value: previous)
        guard try await self.log.append(writes, requiring: [requirement]) else { return false }
        try self.apply(writes)
        return true
    }

    private static func bytes(_ generation: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: generation)
        return bytes
    }
}
