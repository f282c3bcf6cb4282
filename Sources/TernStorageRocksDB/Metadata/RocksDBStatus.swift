import CRocksDB
import TernStorage

/// The errors of RocksDB's C interface: texts whose beginning names the kind.
enum RocksDBStatus {
    /// Whether the read would have had to leave the cache.
    static func isIncomplete(_ text: UnsafePointer<CChar>) -> Bool {
        String(cString: text).hasPrefix("Result incomplete")
    }

    /// Takes over and frees the text.
    static func error(_ text: UnsafeMutablePointer<CChar>, _ action: String, directory: String) -> StorageError {
        defer { rocksdb_free(text) }
        return self.error(String(cString: text), action, directory: directory)
    }

    static func error(_ text: String, _ action: String, directory: String) -> StorageError {
        let message = "\(action) the database in \(directory): \(text)"
        switch self.code(of: text) {
        case .locked:
            return StorageError(.locked, "another process has the database in \(directory) open (\(text))")
        case .damaged:
            let advice = "stop the server and restore the directory from a copy, or let the region's replicas refill it"
            return StorageError(.damaged, "\(message). The files are not what was written; \(advice)")
        case .permissionDenied:
            return StorageError(.permissionDenied, "\(message). The server's user must be able to write there")
        case let code:
            return StorageError(code, message)
        }
    }

    private static func code(of text: String) -> StorageError.Code {
        if text.hasPrefix("Corruption") { return .damaged }
        if self.mentions(text, ["No space left", "Disk quota exceeded", "Max allowed space"]) { return .noSpace }
        if self.mentions(text, ["Permission denied", "Read-only file system", "Operation not permitted"]) {
            return .permissionDenied
        }
        if self.mentions(text, ["lock file", "lock hold by current process"]) { return .locked }
        // A database without one of the files that its manifest names.
        if self.mentions(text, ["No such file", "does not exist"]) { return .damaged }
        return .io
    }

    private static func mentions(_ text: String, _ phrases: [String]) -> Bool {
        phrases.contains { text.contains($0) }
    }
}
