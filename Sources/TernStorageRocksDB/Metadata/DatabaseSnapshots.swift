import CRocksDB
import Synchronization

/// The moments of an open database that can still be read, besides the present.
///
/// RocksDB wants each released, once, when nobody reads at it any more, and before the database is closed. So readers
/// count themselves in and out here, and a release waits for the last of them without anybody waiting for it.
final class DatabaseSnapshots: Sendable {
    struct ID: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Entry: Sendable {
        // Never changes; RocksDB synchronizes all access to what it stands for.
        nonisolated(unsafe) let native: OpaquePointer
        var readerCount = 0
        var isReleased = false
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var lastNumber: UInt64 = 0
    }

    private nonisolated(unsafe) let database: OpaquePointer
    private let state = Mutex(State())

    init(_ database: OpaquePointer) {
        self.database = database
    }

    /// Keeps the present moment until it is released. `nil` where RocksDB has no memory for it.
    func take() -> ID? {
        guard let native = rocksdb_create_snapshot(self.database) else { return nil }
        let entry = Entry(native: native)
        return self.state.withLock { state in
            state.lastNumber += 1
            state.entries[state.lastNumber] = entry
            return ID(number: state.lastNumber)
        }
    }

    /// Runs `body` with the snapshot, which stays as long; returns `nil` where it was released.
    func read<Value, Failure: Error>(
        at id: ID, _ body: (OpaquePointer) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        let found = self.state.withLock { state -> Entry? in
            guard let entry = state.entries[id.number], !entry.isReleased else { return nil }
            state.entries[id.number]?.readerCount += 1
            return entry
        }
        guard let found else { return nil }
        defer { self.leave(id) }
        return try body(found.native)
    }

    /// Does nothing where it is released already.
    func release(_ id: ID) {
        let unused = self.state.withLock { state -> Entry? in
            guard let entry = state.entries[id.number] else { return nil }
            guard entry.readerCount == 0 else {
                state.entries[id.number]?.isReleased = true
                return nil
            }
            return state.entries.removeValue(forKey: id.number)
        }
        if let unused { rocksdb_release_snapshot(self.database, unused.native) }
    }

    /// Before the database is closed, when nobody reads it any more.
    func releaseAll() {
        let entries = self.state.withLock { state in
            defer { state.entries = [:] }
            return state.entries.values.map { $0 }
        }
        for entry in entries { rocksdb_release_snapshot(self.database, entry.native) }
    }

    private func leave(_ id: ID) {
        let unused = self.state.withLock { state -> Entry? in
            guard var entry = state.entries[id.number] else { return nil }
            entry.readerCount -= 1
            state.entries[id.number] = entry
            guard entry.isReleased, entry.readerCount == 0 else { return nil }
            return state.entries.removeValue(forKey: id.number)
        }
        if let unused { rocksdb_release_snapshot(self.database, unused.native) }
    }
}
