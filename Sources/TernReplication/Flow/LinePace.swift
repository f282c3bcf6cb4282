/// How fast the line to a region is, and what follows for the sizes and the number of requests: a machine without a
/// clock.
///
/// A request should take a few seconds at most: what breaks is lost only as far as the request had come, and what waits
/// behind it does not wait long. On a fast line requests are as large as allowed. A slow one with losses carries more in
/// several connections than in one, so their number is raised one by one while they succeed, and halved when one fails.
package struct LinePace: Sendable, Hashable {
    /// Bytes a second of one connection; `nil` before anything was measured.
    package private(set) var rate: Int64?
    /// Segments under way at once.
    package private(set) var segmentWindow: Int
    private let baseWindow: Int
    private var successes = 0

    package static let maximumWindow = 16
    package static let minimumSegment: Int64 = 256 * 1024
    package static let maximumSegment: Int64 = 32 * 1024 * 1024
    /// Of a line that nothing is known of yet.
    package static let firstSegment: Int64 = 1024 * 1024
    /// An object is not cut into many more pieces than this.
    private static let pieces: Int64 = 2048
    private static let secondsPerSegment: Int64 = 2
    private static let secondsPerBatch: Int64 = 4
    /// One connection of a line that is slower than this gets company.
    private static let slowRate: Int64 = 4 * 1024 * 1024
    package static let slowBlock: Int64 = 16 * 1024
    package static let fastBlock: Int64 = 256 * 1024
    /// Smaller requests tell of the way there and back rather than of the line.
    package static let measurableBytes: Int64 = 64 * 1024

    package init(baseWindow: Int) {
        self.baseWindow = baseWindow
        self.segmentWindow = baseWindow
    }

    /// A request with this many bytes was answered after this time.
    package mutating func succeeded(bytes: Int64, milliseconds: Int64) {
        guard bytes >= Self.measurableBytes else { return }
        let sample = bytes * 1000 / max(milliseconds, 1)
        self.rate = self.rate.map { ($0 + sample) / 2 } ?? sample
    }

    /// A segment arrived.
    package mutating func segmentArrived() {
        guard let rate, rate < Self.slowRate else {
            self.segmentWindow = min(self.segmentWindow, self.baseWindow)
            if self.segmentWindow < self.baseWindow { self.segmentWindow += 1 }
            return
        }
        self.successes += 1
        guard self.successes >= self.segmentWindow / 2 else { return }
        self.successes = 0
        self.segmentWindow = min(self.segmentWindow + 1, Self.maximumWindow)
    }

    /// A request broke, or was not answered in time.
    package mutating func failed() {
        self.segmentWindow = max(self.segmentWindow / 2, 1)
        self.successes = 0
        self.rate = self.rate.map { max($0 / 2, 1024) } ?? Self.firstSegment / Self.secondsPerSegment
    }

    /// The size of the next segment of an object.
    ///
    /// - Parameter limit: Bytes a second that are allowed; `nil` for no limit.
    package func segmentBytes(ofObject byteCount: Int64, limit: Int64?) -> Int64 {
        var wanted = self.rate.map { $0 * Self.secondsPerSegment } ?? Self.firstSegment
        var least = Self.minimumSegment
        if let limit {
            // Small enough that what is allowed in a second is several segments, as long as that is sensible.
            wanted = min(wanted, limit / 4)
            least = least / 4
        }
        while least < Self.maximumSegment, byteCount / least > Self.pieces { least *= 2 }
        var size = least
        while size < Self.maximumSegment, size * 2 <= wanted { size *= 2 }
        return size
    }

    /// The bytes of a segment that have a checksum of their own, and are kept when the rest does not come: few on a line
    /// that is slow or not known, so that a break costs what was under way and little more.
    package var blockBytes: Int64 {
        guard let rate, rate >= Self.slowRate else { return Self.slowBlock }
        return Self.fastBlock
    }

    /// The bytes of small objects that go into one request, of `maximum` at most.
    package func batchBytes(maximum: Int64, limit: Int64?) -> Int64 {
        var wanted = self.rate.map { min($0, maximum) * Self.secondsPerBatch } ?? maximum
        if let limit { wanted = min(wanted, limit / 4) }
        return min(max(wanted, Self.minimumSegment / 4), maximum)
    }
}
