/// How much of the separate values compaction moves on its way, so that files of them with garbage can go.
///
/// A separate value that was overwritten or deleted stays in its file until every other value of the file is garbage,
/// too, or was moved to a new one. RocksDB has compaction move the values that are in the oldest part of the files,
/// whether there is garbage in them or not: a part that is always the same has objects' bodies copied again and again
/// while nothing is deleted. So the part follows the share of garbage.
struct SeparateValueCollection: Sendable, Equatable {
    /// The oldest part of the files whose values are moved, in quarters; none at first.
    private(set) var quarters = 0

    /// The share of garbage from which each part is taken, the largest first.
    private static let starts: [(share: Double, quarters: Int)] = [(0.60, 4), (0.40, 2), (0.15, 1)]
    /// Below this share nothing is moved any more. Well below the least start, so that it does not go on and off.
    private static let end = 0.08
    /// Less than this is not worth moving anything for.
    private static let garbageByteCountMin: UInt64 = 16 << 20

    /// Takes the sizes as they are now.
    ///
    /// - Parameters:
    ///   - liveByteCount: Bytes of the files, with the garbage in them.
    /// - Returns: Whether the part is another one than before.
    mutating func update(liveByteCount: UInt64, garbageByteCount: UInt64) -> Bool {
        let before = self.quarters
        let share = liveByteCount == 0 ? 0 : Double(garbageByteCount) / Double(liveByteCount)
        if share < Self.end || garbageByteCount < Self.garbageByteCountMin {
            self.quarters = 0
        } else if let wanted = Self.starts.first(where: { share >= $0.share })?.quarters {
            self.quarters = wanted
        } else {
            // Between the end and the least start, what goes on goes on with the least part.
            self.quarters = min(self.quarters, 1)
        }
        return self.quarters != before
    }

    /// The part as options that RocksDB changes while it runs.
    var options: [(name: String, value: String)] {
        guard self.quarters > 0 else { return [("enable_blob_garbage_collection", "false")] }
        return [
            ("enable_blob_garbage_collection", "true"),
            ("blob_garbage_collection_age_cutoff", "\(Double(self.quarters) / 4)"),
        ]
    }
}
