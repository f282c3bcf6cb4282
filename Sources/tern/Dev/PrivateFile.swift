import Foundation

/// Writes files that hold secrets: only their owner can read them, and a reader sees the old text or the new, whole.
enum PrivateFile {
    static func write(_ text: String, to path: String) throws {
        let temporary = "\(path).new"
        try? FileManager.default.removeItem(atPath: temporary)
        guard
            FileManager.default.createFile(
                atPath: temporary, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw CommandFailure("cannot write \(path): check that the directory exists and is writable") }
        guard rename(temporary, path) == 0 else {
            throw CommandFailure("cannot replace \(path): \(String(cString: strerror(errno)))")
        }
    }
}
