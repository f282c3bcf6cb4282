import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Whether this machine's processors have time left, by the kernel's own count in `/proc/stat`.
///
/// The file is read at most ten times a second, however often the question is asked. It counts in hundredths of a second,
/// so that one such reading is coarse, and those of the last second count together, the latest most. The question comes up only while
/// many requests are running; the first time after a pause, what was measured belongs to the pause, and the machine counts
/// as saturated until there is a measurement of now. It does so too where there is no such file. Thus clients are made
/// room for where nothing is known.
final class ProcessorLoad: Sendable {
    private struct Sample {
        var takenAt = ContinuousClock.now - .seconds(1)
        var idle: UInt64 = 0
        var total: UInt64 = 0
        var isSaturated = false
        /// Ticks of the readings before, each with ``memory`` of the weight of the next one.
        var pastIdle = 0.0
        var pastTotal = 0.0
    }

    /// Less idle time than this share is saturation: a region that waits for its syncs leaves some time unused, which
    /// replication may have.
    private static let idleShare = 0.15
    private static let interval = Duration.milliseconds(100)
    private static let memory = 0.7
    private static let staleAfter = Duration.milliseconds(300)

    private let sample = Mutex(Sample())

    var isSaturated: Bool {
        self.sample.withLock { sample in
            let now = ContinuousClock.now
            let age = now - sample.takenAt
            guard age >= Self.interval else { return sample.isSaturated }
            sample.takenAt = now
            guard let (idle, total) = Self.read() else {
                sample.isSaturated = true
                return true
            }
            if age > Self.staleAfter {
                sample.isSaturated = true
                (sample.pastIdle, sample.pastTotal) = (0, 0)
            } else if total > sample.total {
                // The kernel's count of idle time may go back a little.
                let idleTicks = idle > sample.idle ? Double(idle - sample.idle) : 0
                sample.pastIdle = sample.pastIdle * Self.memory + idleTicks
                sample.pastTotal = sample.pastTotal * Self.memory + Double(total - sample.total)
                sample.isSaturated = sample.pastIdle < sample.pastTotal * Self.idleShare
            }
            sample.idle = idle
            sample.total = total
            return sample.isSaturated
        }
    }

    /// Ticks that all processors spent idle or waiting for disks, and all their ticks, since the machine started.
    private static func read() -> (idle: UInt64, total: UInt64)? {
        #if canImport(Glibc)
        let file = open("/proc/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
        guard count > 0 else { return nil }
        // cpu  user nice system idle iowait irq softirq steal …
        let line = bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }
        let fields = line.split(separator: UInt8(ascii: " ")).dropFirst().prefix(8).map { field in
            field.reduce(UInt64(0)) { $0 &* 10 &+ UInt64($1 &- UInt8(ascii: "0")) }
        }
        guard fields.count == 8 else { return nil }
        return (fields[3] + fields[4], fields.reduce(0, +))
        #else
        return nil
        #endif
    }
}
