import Synchronization

/// Rows in memory, for tests.
package final class MemoryControlLog: ControlLog {
    private let rows = Mutex<[[UInt8]: [UInt8]]>([:])

    package init() {}

    package func row(_ key: [UInt8]) async throws(ControlLogError) -> [UInt8]? {
        self.rows.withLock { $0[key] }
    }

    package func rows(prefix: [UInt8]) async throws(ControlLogError) -> [ControlRow] {
        self.rows.withLock { rows in
            rows.filter { $0.key.starts(with: prefix) }.map { ControlRow(key: $0.key, value: $0.value) }
                .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        }
    }

    package func append(
        _ writes: [ControlWrite], requiring requirements: [ControlRequirement]
    ) async throws(ControlLogError) -> Bool {
        self.rows.withLock { rows in
            guard requirements.allSatisfy({ rows[$0.key] == $0.value }) else { return false }
            for write in writes { rows[write.key] = write.value }
            return true
        }
    }
}
