import TernObjects
import TernTestSupport
import Testing

@Suite("How a large body is cut")
struct SegmentCutterTests {
    func cut(_ cutter: SegmentCutter, _ size: Int64) -> [Range<Int64>] {
        var cutter = cutter
        var segments: [Range<Int64>] = []
        while let segment = cutter.next(size) { segments.append(segment) }
        return segments
    }

    @Test("In segments of the size, never across parts")
    func parts() {
        #expect(self.cut(SegmentCutter(byteCount: 250, partSizes: []), 100) == [0..<100, 100..<200, 200..<250])
        #expect(
            self.cut(SegmentCutter(byteCount: 250, partSizes: [120, 30, 100]), 100)
                == [0..<100, 100..<120, 120..<150, 150..<250])
        #expect(self.cut(SegmentCutter(byteCount: 0, partSizes: []), 100).isEmpty)
        #expect(self.cut(SegmentCutter(byteCount: 100, partSizes: [0, 100, 0]), 100) == [0..<100])
    }

    @Test("Only what has not arrived")
    func gaps() {
        #expect(
            self.cut(SegmentCutter(byteCount: 400, partSizes: [], arrived: [100..<200, 300..<400]), 100)
                == [0..<100, 200..<300])
        #expect(SegmentCutter(byteCount: 400, partSizes: [200, 200], arrived: [0..<200, 200..<400]).isEmpty)
        // Of attempts that cut it differently.
        #expect(
            self.cut(SegmentCutter(byteCount: 400, partSizes: [], arrived: [0..<200, 0..<100]), 100) == [
                200..<300, 300..<400,
            ])
    }

    @Test("Every byte is sent once, whatever arrived and however the size changes", arguments: 0..<50 as Range<UInt64>)
    func everything(_ seed: UInt64) {
        let random = SeededRandom(seed: seed)
        let parts = (0..<Int64(random.next() % 5 + 1)).map { _ in Int64(random.next() % 5000) }
        let total = parts.reduce(0, +)
        var missing = [Int](repeating: 0, count: Int(total))
        var arrived: [Range<Int64>] = []
        for _ in 0..<4 {
            // An attempt that breaks off in the middle.
            var cutter = SegmentCutter(byteCount: total, partSizes: parts, arrived: arrived)
            while let segment = cutter.next(64 << Int64(random.next() % 4)) {
                if random.next() % 3 == 0 { continue }
                for byte in segment { missing[Int(byte)] += 1 }
                arrived.append(segment)
                if random.next() % 10 == 0 { break }
            }
            arrived.sort { $0.lowerBound < $1.lowerBound }
        }
        var cutter = SegmentCutter(byteCount: total, partSizes: parts, arrived: arrived)
        while let segment = cutter.next(256) { for byte in segment { missing[Int(byte)] += 1 } }
        #expect(missing.allSatisfy { $0 == 1 })
    }
}
