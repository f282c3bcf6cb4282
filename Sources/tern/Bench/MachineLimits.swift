import Crypto
import Foundation

/// What this machine can do at most, measured in the same minutes as everything else: the yardstick of each result.
struct MachineLimits: Codable, Sendable {
    /// Appends of 4 KiB, each made durable before the next.
    var fdatasyncPerSecond: Double
    var sequentialWriteBytesPerSecond: Double
    /// On one processor.
    var md5BytesPerSecond: Double
    /// AES-256-GCM, sealing pieces of 64 KiB on one processor.
    var aesBytesPerSecond: Double
    /// One TCP connection over 127.0.0.1.
    var loopbackBytesPerSecond: Double

    /// - Parameter directory: On the disk that the regions use.
    @concurrent
    static func measure(in directory: String) async throws -> MachineLimits {
        MachineLimits(
            fdatasyncPerSecond: try self.fdatasync(directory),
            sequentialWriteBytesPerSecond: try self.sequentialWrite(directory),
            md5BytesPerSecond: self.md5(),
            aesBytesPerSecond: try self.aes(),
            loopbackBytesPerSecond: try await self.loopback()
        )
    }

    private static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let duration = try ContinuousClock().measure(body)
        return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }

    private static func withScratchFile<Result>(_ directory: String, _ body: (Int32) throws -> Result) throws -> Result
    {
        let path = "\(directory)/tern-bench-\(getpid()).tmp"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure("cannot write in \(directory): \(String(cString: strerror(errno)))")
        }
        defer {
            close(descriptor)
            unlink(path)
        }
        return try body(descriptor)
    }

    private static func fdatasync(_ directory: String) throws -> Double {
        try self.withScratchFile(directory) { descriptor in
            let block = [UInt8](repeating: 7, count: 4096)
            var count = 0
            let seconds = try self.seconds {
                let end = ContinuousClock.now + .seconds(1)
                while ContinuousClock.now < end {
                    guard write(descriptor, block, block.count) == block.count, Glibc.fdatasync(descriptor) == 0 else {
                        throw CommandFailure("cannot write in \(directory): \(String(cString: strerror(errno)))")
                    }
                    count += 1
                }
            }
            return Double(count) / seconds
        }
    }

    private static func sequentialWrite(_ directory: String) throws -> Double {
        try self.withScratchFile(directory) { descriptor in
            let block = [UInt8](repeating: 7, count: 1 << 20)
            let count = 256
            let seconds = try self.seconds {
                for _ in 0..<count {
                    guard write(descriptor, block, block.count) == block.count else {
                        throw CommandFailure("cannot write in \(directory): \(String(cString: strerror(errno)))")
                    }
                }
                _ = Glibc.fdatasync(descriptor)
            }
            return Double(count * block.count) / seconds
        }
    }

    private static func md5() -> Double {
        let block = [UInt8](repeating: 7, count: 1 << 20)
        var hasher = Insecure.MD5()
        var count = 0
        let seconds = self.seconds {
            let end = ContinuousClock.now + .milliseconds(500)
            while ContinuousClock.now < end {
                hasher.update(data: block)
                count += 1
            }
            _ = hasher.finalize()
        }
        return Double(count * block.count) / seconds
    }

    private static func aes() throws -> Double {
        let key = SymmetricKey(size: .bits256)
        let block = [UInt8](repeating: 7, count: 64 << 10)
        var count = 0
        let seconds = try self.seconds {
            let end = ContinuousClock.now + .milliseconds(500)
            while ContinuousClock.now < end {
                _ = try AES.GCM.seal(block, using: key)
                count += 1
            }
        }
        return Double(count * block.count) / seconds
    }

    /// One thread sends and another receives for half a second.
    private static func loopback() async throws -> Double {
        guard let pair = LoopbackPair() else { throw CommandFailure("cannot open a connection over 127.0.0.1") }
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let block = [UInt8](repeating: 7, count: 256 * 1024)
                let end = ContinuousClock.now + .milliseconds(500)
                while ContinuousClock.now < end, write(pair.sender, block, block.count) > 0 {}
                close(pair.sender)
            }
            Thread.detachNewThread {
                var block = [UInt8](repeating: 0, count: 256 * 1024)
                var byteCount = 0
                let seconds = self.seconds {
                    while true {
                        let count = read(pair.receiver, &block, block.count)
                        guard count > 0 else { break }
                        byteCount += count
                    }
                }
                close(pair.receiver)
                continuation.resume(returning: Double(byteCount) / seconds)
            }
        }
    }
}

/// Two ends of a TCP connection over 127.0.0.1.
private struct LoopbackPair: Sendable {
    var sender: Int32
    var receiver: Int32

    init?() {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let listener = socket(AF_INET, type, 0)
        let sender = socket(AF_INET, type, 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 1) == 0
                    && getsockname(listener, pointer, &length) == 0
                    && connect(sender, pointer, length) == 0
            }
        }
        let receiver = isConnected ? accept(listener, nil, nil) : -1
        guard receiver >= 0 else {
            close(sender)
            return nil
        }
        self.sender = sender
        self.receiver = receiver
    }
}
