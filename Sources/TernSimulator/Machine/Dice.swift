import Synchronization
import TernPorts

/// All chance of a simulation: SplitMix64 from one seed.
///
/// Whatever is drawn has its own generator, forked by a name, so that one more draw in one place does not change what all
/// others see.
final class Dice: RandomSource {
    private let state: Mutex<UInt64>

    init(seed: UInt64) {
        self.state = Mutex(seed)
    }

    /// A generator of its own for one purpose.
    func fork(_ name: String) -> Dice {
        var hash = TraceHash()
        hash.add(name)
        return Dice(seed: self.next() ^ hash.value)
    }

    func next() -> UInt64 {
        self.state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    /// Uniform in `0..<bound`.
    func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: self.next() % UInt64(max(bound, 1)))
    }

    func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + self.below(range.count)
    }

    func chance(_ probability: Double) -> Bool {
        self.nextFraction() < probability
    }

    /// One of the elements; `nil` if there is none.
    func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[self.below(elements.count)]
    }

    /// One of the elements by their weights.
    func pick<Element>(weighted elements: [(weight: Int, element: Element)]) -> Element? {
        var place = self.below(elements.reduce(0) { $0 + $1.weight })
        for (weight, element) in elements {
            if place < weight { return element }
            place -= weight
        }
        return elements.last?.element
    }
}
