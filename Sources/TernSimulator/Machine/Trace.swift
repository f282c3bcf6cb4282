import Synchronization
import TernCore

/// FNV-1a of 64 bits, over everything that happened in a run.
struct TraceHash: Sendable, Hashable {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ byte: UInt8) {
        self.value = (self.value ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    mutating func add(_ text: String) {
        for byte in text.utf8 { self.add(byte) }
        self.add(UInt8(0))
    }

    mutating func add(_ word: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { self.add(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
    }
}

/// What happened, in its order: always as a hash, and as lines where somebody wants to read them.
///
/// Nothing random that the seed does not determine (keys of encryption) may enter.
final class Trace: Sendable {
    private struct State {
        var hash = TraceHash()
    }

    private let state = Mutex(State())
    private let printer: (@Sendable (String) -> Void)?
    private let now: @Sendable () -> Int64

    init(now: @escaping @Sendable () -> Int64, printer: (@Sendable (String) -> Void)?) {
        self.now = now
        self.printer = printer
    }

    var hash: UInt64 { self.state.withLock { $0.hash.value } }
    var isPrinted: Bool { self.printer != nil }

    /// Notes an event by its kind and numbers; `line` is made only where lines are wanted.
    func note(_ kind: UInt8, _ numbers: UInt64..., line: @autoclosure () -> String) {
        self.state.withLock { state in
            state.hash.add(kind)
            state.hash.add(UInt64(bitPattern: self.now()))
            for number in numbers { state.hash.add(number) }
        }
        if let printer { printer("\(self.now()) ms  \(line())") }
    }
}
