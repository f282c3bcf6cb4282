import Foundation

/// A file that names a running process.
///
/// The process holds a lock on the file for as long as it lives, so that a file which a killed process left behind is
/// told from one whose process still runs, even when its number was given to another.
final class PIDFile: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Writes this process's number into the file.
    ///
    /// - Throws: ``CommandFailure`` when a live process holds it.
    init(path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CommandFailure("cannot write \(path): \(String(cString: strerror(errno)))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            let owner = Self.number(in: path).map { "process \($0)" } ?? "another process"
            throw CommandFailure("\(owner) already runs here (it holds \(path)); stop it first")
        }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, write(descriptor, text, text.count) == text.count else {
            close(descriptor)
            throw CommandFailure("cannot write \(path): \(String(cString: strerror(errno)))")
        }
        self.path = path
        self.descriptor = descriptor
    }

    /// Removes the file; the process is about to end.
    func remove() {
        unlink(self.path)
        close(self.descriptor)
    }

    /// The number of the live process that holds the file; `nil` when there is none.
    static func owner(of path: String) -> Int32? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
        return self.number(in: path)
    }

    private static func number(in path: String) -> Int32? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return Int32(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
