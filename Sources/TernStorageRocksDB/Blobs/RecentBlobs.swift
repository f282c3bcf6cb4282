import Synchronization
import TernStorage

/// The blobs that this process made within the grace period.
///
/// They are kept as 8 of their 16 random bytes, in generations that are forgotten as a whole: a steady load of hundreds of
/// blobs a second takes a few megabytes. Two blobs that share those bytes only make the collector wait longer.
final class RecentBlobs: Sendable {
    private struct Generation {
        var start: ContinuousClock.Instant
        var marks: Set<UInt64> = []
    }

    private let generations: Mutex<[Generation]> = Mutex([])
    private let gracePeriod: Duration
    private let countMax: Int

    /// Parts of the grace period after which a new generation begins.
    private static let generationsPerPeriod = 4

    /// - Parameter countMax: With more blobs than this, all blobs count as recent until the oldest are forgotten.
    init(gracePeriod: Duration, countMax: Int = 2_000_000) {
        self.gracePeriod = gracePeriod
        self.countMax = countMax
    }

    /// Notes blobs that are about to appear. Call it before the collector could see them.
    func insert(_ ids: [BlobID], at now: ContinuousClock.Instant = .now) {
        self.generations.withLock { generations in
            self.forgetOld(&generations, now)
            let length = self.gracePeriod / Self.generationsPerPeriod
            if let last = generations.last, now < last.start + length {
                // The newest generation goes on.
            } else {
                generations.append(Generation(start: now))
            }
            guard generations.reduce(0, { $0 + $1.marks.count }) <= self.countMax else { return }
            for id in ids { generations[generations.count - 1].marks.insert(Self.mark(id)) }
        }
    }

    /// Those of `ids` that are certainly not recent.
    func settled(_ ids: [BlobID], at now: ContinuousClock.Instant = .now) -> [BlobID] {
        self.generations.withLock { generations in
            self.forgetOld(&generations, now)
            guard generations.reduce(0, { $0 + $1.marks.count }) <= self.countMax else { return [] }
            return ids.filter { id in !generations.contains { $0.marks.contains(Self.mark(id)) } }
        }
    }

    /// A generation is forgotten when the youngest blob that it can have is older than the grace period.
    private func forgetOld(_ generations: inout [Generation], _ now: ContinuousClock.Instant) {
        let length = self.gracePeriod / Self.generationsPerPeriod
        generations.removeAll { $0.start + length + self.gracePeriod <= now }
    }

    private static func mark(_ id: BlobID) -> UInt64 {
        // The first byte is common to clones made together, so the last eight are taken.
        id.bytes[8...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
}
