import TernStorage

/// Reads from memory on the caller's thread where the answer is there, otherwise from the disk on an I/O thread.
struct DatabaseReader: Sendable {
    let gate: DatabaseGate
    let pool: IOPool
    let readsInPlace: Bool

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database, Database.ReadTier) throws(StorageError) -> Database.ReadResult<Value>
    ) async throws(StorageError) -> Value {
        if self.readsInPlace {
            let result = try self.gate.tryRead { database throws(StorageError) in try body(database, .memory) }
            if case .value(let value)? = result { return value }
        }
        return try await self.blocking { database throws(StorageError) in
            guard case .value(let value) = try body(database, .disk) else {
                throw StorageError(.io, "a read from the disk was incomplete")
            }
            return value
        }
    }

    /// Runs `body` on an I/O thread.
    func blocking<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let gate = self.gate
        return try await self.pool.run { () throws(StorageError) in try gate.read(body) }
    }
}
