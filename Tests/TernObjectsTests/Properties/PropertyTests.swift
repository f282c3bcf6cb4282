import Foundation
import Testing

/// 100,000 random operations a run; `TERN_PROPERTY_SEED` and `TERN_PROPERTY_RUNS` choose others.
///
/// A failure names its seed and step: `TERN_PROPERTY_SEED=17 TERN_PROPERTY_RUNS=1 swift test --filter PropertyTests`
/// does the same again.
@Suite("Random operations against a naive model of S3")
struct PropertyTests {
    private static func number(_ name: String, default value: UInt64) -> UInt64 {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) } ?? value
    }

    private static let seeds: Range<UInt64> = {
        let first = Self.number("TERN_PROPERTY_SEED", default: 1)
        return first..<(first + Self.number("TERN_PROPERTY_RUNS", default: 100))
    }()

    @Test("Every answer and every list is the model's, and an emptied bucket leaves nothing behind", arguments: seeds)
    func agrees(seed: UInt64) async throws {
        try await PropertyRun(seed: seed).run(1000)
    }
}
