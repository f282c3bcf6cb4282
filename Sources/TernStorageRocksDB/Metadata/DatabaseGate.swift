import Dispatch
import Synchronization
import TernStorage

/// Lets readers at the database while it is open, and nobody while it is being closed or replaced.
///
/// Readers count themselves in and out; the commit loop, which alone closes and replaces the database, waits until all
/// are out. So a freed database is never used.
final class DatabaseGate: Sendable {
    private struct State {
        enum Phase {
            case open(Database)
            /// Being replaced; whoever may block waits.
            case suspended
            /// There is no database at the moment, for this reason.
            case unavailable(StorageError)
            case closed
        }

        var phase: Phase
        var readerCount = 0
        /// The commit loop, waiting for the readers to leave.
        var emptied: DispatchSemaphore?
        /// Blocked readers, waiting for a database.
        var resumed: [DispatchSemaphore] = []
    }

    private let state: Mutex<State>

    init(_ database: Database) {
        self.state = Mutex(State(phase: .open(database)))
    }

    static let closedError = StorageError(.closed, "the store was closed")

    /// Runs `body` on the open database. Returns `nil` at once when it is being replaced.
    func tryRead<Value>(_ body: (Database) throws(StorageError) -> Value) throws(StorageError) -> Value? {
        guard let database = try self.tryEnter() else { return nil }
        defer { self.leave() }
        return try body(database)
    }

    /// Runs `body` on the database, waiting for it if it is being replaced. Blocks.
    func read<Value>(_ body: (Database) throws(StorageError) -> Value) throws(StorageError) -> Value {
        while true {
            if let database = try self.tryEnter() {
                defer { self.leave() }
                return try body(database)
            }
            self.waitUntilResumed()
        }
    }

    /// Takes the database away from the readers, once all have left. Blocks.
    ///
    /// - Returns: The database, or `nil` if there was none.
    func suspend() -> Database? {
        let (database, emptied) = self.state.withLock { state -> (Database?, DispatchSemaphore?) in
            guard case .open(let database) = state.phase else {
                state.phase = .suspended
                return (nil, nil)
            }
            state.phase = .suspended
            guard state.readerCount > 0 else { return (database, nil) }
            let emptied = DispatchSemaphore(value: 0)
            state.emptied = emptied
            return (database, emptied)
        }
        emptied?.wait()
        return database
    }

    func resume(with database: Database) {
        self.leaveSuspension(to: .open(database))
    }

    /// Lets readers fail with `error` instead of waiting.
    func resume(failing error: StorageError) {
        self.leaveSuspension(to: .unavailable(error))
    }

    func close() {
        self.leaveSuspension(to: .closed)
    }

    private func leaveSuspension(to phase: State.Phase) {
        let waiting = self.state.withLock { state in
            state.phase = phase
            defer { state.resumed = [] }
            return state.resumed
        }
        for reader in waiting { reader.signal() }
    }

    private func tryEnter() throws(StorageError) -> Database? {
        try self.state.withLock { state throws(StorageError) in
            switch state.phase {
            case .open(let database):
                state.readerCount += 1
                return database
            case .suspended: return nil
            case .unavailable(let error): throw error
            case .closed: throw Self.closedError
            }
        }
    }

    private func leave() {
        let emptied = self.state.withLock { state -> DispatchSemaphore? in
            state.readerCount -= 1
            guard state.readerCount == 0 else { return nil }
            defer { state.emptied = nil }
            return state.emptied
        }
        emptied?.signal()
    }

    private func waitUntilResumed() {
        let resumed = self.state.withLock { state -> DispatchSemaphore? in
            guard case .suspended = state.phase else { return nil }
            let semaphore = DispatchSemaphore(value: 0)
            state.resumed.append(semaphore)
            return semaphore
        }
        resumed?.wait()
    }
}
