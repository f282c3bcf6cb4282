import Testing

@testable import TernStorage

@Suite("Sorted entries")
struct SortedEntriesTests {
    @Test("agree with a dictionary after any puts and removals", arguments: UInt64(1)...5)
    func agreesWithDictionary(seed: UInt64) {
        var random = seed
        func next(_ bound: UInt64) -> UInt8 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8((random >> 33) % bound)
        }
        var entries = SortedEntries()
        var model: [[UInt8]: [UInt8]] = [:]
        for step in 0..<6_000 {
            let key = [next(8), next(200)]
            // First mostly puts, in the end mostly removals, so that chunks split and disappear.
            if next(100) < (step < 3_000 ? 80 : 20) {
                let value = [next(255)]
                entries.put(key, value)
                model[key] = value
            } else {
                entries.remove(key)
                model[key] = nil
            }
        }
        let expected = model.sorted { KeyOrder.precedes($0.key, $1.key) }.map { KeyValue(key: $0.key, value: $0.value) }
        #expect(entries.scan(KeyRange(from: [], to: nil), limit: .max) == expected)
        for (key, value) in model { #expect(entries[key] == value) }
        let range = KeyRange(from: [2, 50], to: [6, 10])
        let inRange = expected.filter { !KeyOrder.precedes($0.key, range.lower) && KeyOrder.precedes($0.key, [6, 10]) }
        #expect(entries.scan(range, limit: .max) == inRange)
        #expect(entries.scan(range, limit: 5) == Array(inRange.prefix(5)))
    }
}
