import Synchronization
import TernCore
import TernPorts

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The time of this machine.
struct SystemClock: WallClock {
    var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    func sleep(until deadline: Timestamp) async throws {
        let remaining = deadline - self.now
        if remaining > .zero { try await Task.sleep(for: remaining) }
    }
}

/// The random bits of this machine's kernel, fetched many at a time: a system call for each would be felt.
final class SystemRandom: RandomSource {
    /// What `getentropy` gives at most in one call.
    private static let byteCount = 256

    private let words = Mutex<[UInt64]>([])

    func next() -> UInt64 {
        self.words.withLock { words in
            if let word = words.popLast() { return word }
            words = Self.fetch()
            return words.removeLast()
        }
    }

    /// At least one word.
    private static func fetch() -> [UInt64] {
        #if canImport(Glibc)
        var fetched = [UInt64](repeating: 0, count: Self.byteCount / MemoryLayout<UInt64>.stride)
        if fetched.withUnsafeMutableBytes({ getentropy($0.baseAddress, $0.count) }) == 0 { return fetched }
        #endif
        var generator = SystemRandomNumberGenerator()
        return [generator.next()]
    }
}
