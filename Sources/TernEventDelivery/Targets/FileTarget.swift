import NIOPosix
import TernCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Appends each message to a file as one line of JSON.
struct FileTarget: EventTarget {
    let path: String

    func deliver(_ messages: [EventMessage]) async -> [DeliveryResult] {
        var lines: [UInt8] = []
        for message in messages {
            lines += message.body
            lines.append(UInt8(ascii: "\n"))
        }
        // A write may wait for a disk, which an event loop must not.
        let bytes = lines
        let path = self.path
        let result =
            (try? await NIOThreadPool.singleton.runIfActive { Self.append(bytes, to: path) })
            ?? .unavailable("this process is stopping")
        return [DeliveryResult](repeating: result, count: messages.count)
    }

    /// Synced, since the lines are acknowledged then.
    private static func append(_ bytes: [UInt8], to path: String) -> DeliveryResult {
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { return self.problem("open", path) }
        defer { close(file) }
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { write(file, $0.baseAddress?.advanced(by: offset), $0.count - offset) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return self.problem("write", path) }
            offset += count
        }
        return fsync(file) == 0 ? .delivered : self.problem("sync", path)
    }

    private static func problem(_ action: String, _ path: String) -> DeliveryResult {
        .unavailable("cannot \(action) \(path): \(String(cString: strerror(errno)))")
    }

    func shutDown() {}
}
