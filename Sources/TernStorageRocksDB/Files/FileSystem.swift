import Glibc
import TernStorage

/// The system calls of this target, with their errors as ``StorageError``. All of them block.
enum FileSystem {
    /// Makes a directory and those above it; each new name is durable when this returns.
    static func makeDirectories(_ path: String) throws(StorageError) {
        if mkdir(path, 0o755) == 0 {
            try self.syncDirectory(self.parent(of: path))
            return
        }
        switch errno {
        case EEXIST:
            return
        case ENOENT where self.parent(of: path) != path:
            try self.makeDirectories(self.parent(of: path))
            try self.makeDirectories(path)
        default:
            throw StorageError(errno: errno, "could not make the directory", path)
        }
    }

    /// Makes the names in a directory durable.
    static func syncDirectory(_ path: String) throws(StorageError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StorageError(errno: errno, "could not open the directory", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StorageError(errno: errno, "could not sync the directory", path) }
    }

    /// Bytes that an unprivileged process may still write on the device of `path`.
    static func freeByteCount(at path: String) throws(StorageError) -> Int64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else {
            throw StorageError(errno: errno, "could not read the free space of", path)
        }
        return Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    /// The names in a directory, without `.` and `..`; `nil` if there is no such directory.
    static func names(in path: String) throws(StorageError) -> [String]? {
        guard let directory = opendir(path) else {
            if errno == ENOENT { return nil }
            throw StorageError(errno: errno, "could not read the directory", path)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                guard errno == 0 else { throw StorageError(errno: errno, "could not read the directory", path) }
                return names
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

extension StorageError {
    /// The error of a system call.
    init(errno code: Int32, _ action: String, _ path: String) {
        let reason = String(cString: strerror(code))
        let kind: Code =
            switch code {
            case ENOSPC, EDQUOT: .noSpace
            case EACCES, EPERM, EROFS: .permissionDenied
            case ENOENT: .notFound
            default: .io
            }
        self.init(kind, "\(action) \(path): \(reason)")
    }
}
