/// The ranges of the source that are compared by one digest first.
struct VerificationBlock: Sendable {
    struct Range: Sendable {
        /// `nil` is the bucket's end.
        var through: VersionPlace?
        var digest: RangeDigest
        /// Whether a version in it is not settled, so that it is looked at whatever the digests say.
        var isUnsettled: Bool
    }

    let after: VersionPlace?
    private(set) var ranges: [Range] = []
    private var digestOfLast = RangeDigest()
    private var isLastUnsettled = false
    private(set) var digest = RangeDigest()

    init(after: VersionPlace?) {
        self.after = after
    }

    /// The end of the last range.
    var end: VersionPlace? { self.ranges.last?.through }

    mutating func add(
        _ fingerprint: VersionFingerprint, at place: VersionPlace, isUnsettled: Bool, versionsPerRange: Int
    ) {
        self.digest.add(fingerprint)
        self.digestOfLast.add(fingerprint)
        if isUnsettled { self.isLastUnsettled = true }
        if self.digestOfLast.count >= versionsPerRange { self.closeLastRange(through: place) }
    }

    mutating func closeLastRange(through place: VersionPlace?) {
        self.ranges.append(Range(through: place, digest: self.digestOfLast, isUnsettled: self.isLastUnsettled))
        self.digestOfLast = RangeDigest()
        self.isLastUnsettled = false
    }

    func range(_ index: Int) -> VersionRange {
        VersionRange(
            after: index == 0 ? self.after : self.ranges[index - 1].through, through: self.ranges[index].through)
    }
}
