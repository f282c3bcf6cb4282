/// Cuts what a destination does not have yet of a large body into segments, one after the other: never across parts.
///
/// The size may change from segment to segment. Sizes are powers of two, and cuts lie on multiples of them from the
/// beginning of the part: so segments of an attempt before and of this one are within each other or apart.
package struct SegmentCutter: Sendable {
    private struct Gap: Sendable {
        var range: Range<Int64>
        var partStart: Int64
    }

    /// The next one is at the end.
    private var gaps: [Gap] = []

    /// - Parameters:
    ///   - partSizes: Of what must not be cut across; empty for one part.
    ///   - arrived: What the destination has, in the order of the offsets.
    package init(byteCount: Int64, partSizes: [Int64], arrived: [Range<Int64>] = []) {
        var gaps: [Gap] = []
        var rest = arrived[...]
        var start: Int64 = 0
        for size in partSizes.isEmpty ? [byteCount] : partSizes {
            let end = start + size
            var position = start
            while position < end {
                while let first = rest.first, first.upperBound <= position { rest = rest.dropFirst() }
                let next = rest.first.map { min(max($0.lowerBound, position), end) } ?? end
                if position < next { gaps.append(Gap(range: position..<next, partStart: start)) }
                position = rest.first.map { max(min($0.upperBound, end), next) } ?? end
            }
            start = end
        }
        self.gaps = gaps.reversed()
    }

    package var isEmpty: Bool { self.gaps.isEmpty }

    /// The next segment, of at most `size` bytes; `nil` when there is no more.
    package mutating func next(_ size: Int64) -> Range<Int64>? {
        guard var gap = self.gaps.popLast() else { return nil }
        let start = gap.range.lowerBound
        let cut = gap.partStart + ((start - gap.partStart) / size + 1) * size
        let end = min(cut, gap.range.upperBound)
        if end < gap.range.upperBound {
            gap.range = end..<gap.range.upperBound
            self.gaps.append(gap)
        }
        return start..<end
    }
}
