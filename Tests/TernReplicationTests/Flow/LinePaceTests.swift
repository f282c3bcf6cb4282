import TernReplication
import Testing

@Suite("The pace of a line")
struct LinePaceTests {
    static let mebi: Int64 = 1024 * 1024

    @Test("On a fast line, segments and batches are as large as they get, and no more are under way than usual")
    func fast() {
        var pace = LinePace(baseWindow: 4)
        #expect(pace.segmentBytes(ofObject: 1 << 30, limit: nil) == LinePace.firstSegment)
        #expect(pace.batchBytes(maximum: 4 * Self.mebi, limit: nil) == 4 * Self.mebi)
        for _ in 0..<20 {
            pace.succeeded(bytes: Self.mebi, milliseconds: 10)
            pace.segmentArrived()
        }
        #expect(pace.segmentBytes(ofObject: 1 << 30, limit: nil) == LinePace.maximumSegment)
        #expect(pace.batchBytes(maximum: 4 * Self.mebi, limit: nil) == 4 * Self.mebi)
        #expect(pace.segmentWindow == 4)
    }

    @Test("On a slow line, segments are small, and more of them are under way, up to a bound")
    func slow() {
        var pace = LinePace(baseWindow: 4)
        for _ in 0..<200 {
            pace.succeeded(bytes: 256 * 1024, milliseconds: 1500)
            pace.segmentArrived()
        }
        #expect(pace.segmentBytes(ofObject: 64 * Self.mebi, limit: nil) == LinePace.minimumSegment)
        #expect(pace.segmentWindow == LinePace.maximumWindow)
        // A request of small objects takes seconds, not minutes.
        #expect(pace.batchBytes(maximum: 4 * Self.mebi, limit: nil) < Self.mebi)
    }

    @Test("Blocks that are kept are small on a line that is slow or not known, and larger on a fast one")
    func blocks() {
        var pace = LinePace(baseWindow: 4)
        #expect(pace.blockBytes == LinePace.slowBlock)
        pace.succeeded(bytes: 8 * Self.mebi, milliseconds: 1000)
        #expect(pace.blockBytes == LinePace.fastBlock)
        for _ in 0..<4 { pace.failed() }
        #expect(pace.blockBytes == LinePace.slowBlock)
    }

    @Test("A failure halves what is under way, never to nothing; successes raise it again")
    func failures() {
        var pace = LinePace(baseWindow: 4)
        for _ in 0..<10 { pace.failed() }
        #expect(pace.segmentWindow == 1)
        #expect(pace.segmentBytes(ofObject: Self.mebi, limit: nil) == LinePace.minimumSegment)
        for _ in 0..<20 {
            pace.succeeded(bytes: Self.mebi, milliseconds: 5)
            pace.segmentArrived()
        }
        #expect(pace.segmentWindow == 4)
    }

    @Test("A request that is too large to be answered in time gets smaller until it is")
    func unansweredRequests() {
        var pace = LinePace(baseWindow: 4)
        var sizes: [Int64] = []
        for _ in 0..<8 {
            sizes.append(pace.batchBytes(maximum: 4 * Self.mebi, limit: nil))
            pace.failed()
        }
        #expect(sizes.last == Int64(64 * 1024))
        #expect(sizes == sizes.sorted(by: >))
    }

    @Test("Under a limit, a second has several requests; a huge object is not cut into too many segments")
    func limits() {
        var pace = LinePace(baseWindow: 4)
        pace.succeeded(bytes: 32 * Self.mebi, milliseconds: 100)
        #expect(pace.segmentBytes(ofObject: 64 * Self.mebi, limit: 1_000_000) == 128 * 1024)
        #expect(pace.segmentBytes(ofObject: 64 * Self.mebi, limit: 1000) == 64 * 1024)
        #expect(pace.batchBytes(maximum: 4 * Self.mebi, limit: 1_000_000) == 250_000)
        #expect(pace.segmentBytes(ofObject: 5 << 40, limit: 1000) == LinePace.maximumSegment)
    }

    @Test("Small requests tell nothing of the line")
    func smallRequests() {
        var pace = LinePace(baseWindow: 4)
        pace.succeeded(bytes: 1000, milliseconds: 100)
        #expect(pace.rate == nil)
    }
}
