import TernReplication
import Testing

@Suite("What may be under way on a line")
struct LineWindowTests {
    static let megabyte: Int64 = 1_000_000

    /// A line at which somebody looks each 50 ms.
    private struct Line {
        var window = LineWindow()
        var roundTrip: Int64? = 100_000
        var now: Int64 = 7_000_000
        var arrivedBytes: Int64 = 123

        mutating func carry(_ bytesPerSecond: Int64, milliseconds: Int64, isBusy: Bool = true) {
            for _ in 0..<milliseconds / 50 {
                self.now += 50
                self.arrivedBytes += bytesPerSecond / 20
                self.window.see(
                    LineWindow.Look(arrivedBytes: self.arrivedBytes, roundTrip: self.roundTrip, isBusy: isBusy),
                    at: self.now)
            }
        }
    }

    @Test("On a long, slow line twice what it holds may be under way, once it carries what it can")
    func longAndSlow() {
        var line = Line()
        line.carry(2_500_000, milliseconds: 1500)
        #expect(line.window.byteCount == nil)
        line.carry(2_500_000, milliseconds: 1500)
        #expect(line.window.byteCount == 500_000)
    }

    @Test("As long as the line carries more and more there is no bound")
    func growing() {
        var line = Line()
        var rate: Int64 = 100_000
        while rate < LineWindow.fastRate / 2 {
            line.carry(rate, milliseconds: LineWindow.shortestInterval)
            #expect(line.window.byteCount == nil)
            rate += rate / 3
        }
        line.carry(rate, milliseconds: 3000)
        #expect(line.window.byteCount != nil)
    }

    @Test(
        "A line that is short or fast, or of which nothing is known, has no bound",
        arguments: [(1000, 2_500_000), (100_000, LineWindow.fastRate + Self.megabyte), (nil, 2_500_000)]
            as [(Int64?, Int64)])
    func quick(roundTrip: Int64?, rate: Int64) {
        var line = Line()
        line.roundTrip = roundTrip
        line.carry(rate, milliseconds: 20_000)
        #expect(line.window.byteCount == nil)
        #expect(line.window.isOfQuickLine == (roundTrip != nil))
    }

    @Test("A line that becomes faster has more under way by and by, and no bound where it is fast")
    func becomingFaster() {
        var line = Line()
        line.carry(2_500_000, milliseconds: 5000)
        var bound = line.window.byteCount ?? .max
        for _ in 0..<3 {
            // As much as the bound allows.
            line.carry(bound * 10, milliseconds: 1100)
            #expect(line.window.byteCount ?? .max >= bound * 19 / 10)
            bound = line.window.byteCount ?? .max
        }
        line.carry(LineWindow.fastRate + Self.megabyte, milliseconds: 1100)
        #expect(line.window.byteCount == nil)
    }

    @Test("A line that becomes slower has less under way after some seconds, never less than a minimum")
    func becomingSlower() {
        var line = Line()
        line.carry(2_500_000, milliseconds: 5000)
        line.carry(1_000_000, milliseconds: LineWindow.shortestInterval * 3)
        #expect(line.window.byteCount == 500_000)
        line.carry(1_000_000, milliseconds: LineWindow.shortestInterval * Int64(LineWindow.rememberedIntervals))
        #expect(line.window.byteCount == 200_000)
        line.carry(10_000, milliseconds: 20_000)
        #expect(line.window.byteCount == LineWindow.minimum)
    }

    @Test("Times in which there was little to send say nothing against the line")
    func idle() {
        var line = Line()
        line.carry(20_000, milliseconds: 10_000, isBusy: false)
        #expect(line.window.byteCount == nil)
        line.carry(2_500_000, milliseconds: 5000)
        line.carry(20_000, milliseconds: 60_000, isBusy: false)
        #expect(line.window.byteCount == 500_000)
        // Nobody looked: what came in the time between says nothing of the rate.
        line.now += 3_600_000
        line.arrivedBytes += 1 << 40
        line.carry(2_500_000, milliseconds: 5000)
        #expect(line.window.byteCount == 500_000)
    }

    @Test("The shortest time there and back counts, and a way that became longer is noticed in the end")
    func roundTrips() {
        var line = Line()
        line.carry(2_500_000, milliseconds: 3000)
        line.roundTrip = 400_000
        line.carry(2_500_000, milliseconds: 5000)
        #expect(line.window.byteCount == 500_000)
        line.carry(2_500_000, milliseconds: 700_000)
        #expect(line.window.byteCount == 2_000_000)
        line.roundTrip = 50_000
        line.carry(2_500_000, milliseconds: 1000)
        #expect(line.window.byteCount == 250_000)
    }

    @Test("A clock that is set back, and counts that are, do no harm")
    func setBack() {
        var line = Line()
        line.carry(2_500_000, milliseconds: 5000)
        line.now -= 1_000_000
        line.arrivedBytes = 0
        line.carry(2_500_000, milliseconds: 5000)
        #expect(line.window.byteCount == 500_000)
    }
}
