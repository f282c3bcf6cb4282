import Synchronization
import TernPorts

/// Random bits that a seed determines: SplitMix64.
package final class SeededRandom: RandomSource {
    private let state: Mutex<UInt64>

    package init(seed: UInt64) {
        self.state = Mutex(seed)
    }

    package func next() -> UInt64 {
        self.state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    /// Uniform in `0..<bound`.
    package func next(below bound: Int) -> Int {
        Int(self.next() % UInt64(bound))
    }

    package func chance(_ probability: Double) -> Bool {
        self.nextFraction() < probability
    }
}
