import Foundation
import Glibc

/// A file system in memory of a given size, for tests of full disks. Needs the right to mount.
final class SmallDisk: Sendable {
    private let directory: TemporaryDirectory
    var path: String { self.directory.path }

    static let isPossible: Bool = {
        guard let disk = try? SmallDisk(byteCount: 1 << 20) else { return false }
        return FileManager.default.fileExists(atPath: disk.path)
    }()

    init(byteCount: Int) throws {
        self.directory = try TemporaryDirectory()
        guard mount("tmpfs", self.directory.path, "tmpfs", 0, "size=\(byteCount)") == 0 else {
            throw CocoaError(.fileWriteNoPermission)
        }
    }

    deinit {
        umount2(self.directory.path, Int32(MNT_DETACH))
    }

    /// Leaves no byte free.
    func fill() throws {
        let file = open(self.path + "/filler", O_WRONLY | O_CREAT | O_APPEND, 0o644)
        defer { close(file) }
        for byteCount in [1 << 20, 4_096] {
            let bytes = [UInt8](repeating: 1, count: byteCount)
            while write(file, bytes, byteCount) > 0 {}
        }
    }

    func empty() throws {
        try FileManager.default.removeItem(atPath: self.path + "/filler")
    }
}
