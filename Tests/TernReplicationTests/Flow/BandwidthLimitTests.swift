import TernCore
import TernReplication
import Testing

@Suite("Bandwidth limits and their schedule")
struct BandwidthLimitTests {
    /// A time of the day of 14 November 2023, UTC.
    func time(_ hour: Int, _ minute: Int, second: Int = 0) -> Timestamp {
        Timestamp(seconds: 1_699_920_000 + Int64(hour * 3600 + minute * 60 + second))
    }

    @Test(
        "A rate is read with its unit",
        arguments: [
            ("250000", 250_000), ("0", 0), ("500KB", 500_000), ("2.5MB", 2_500_000), ("1GiB", 1 << 30),
            ("10 MB/s", 10_000_000), ("64kib/s", 65_536), ("12B", 12),
        ] as [(String, Int64)])
    func rates(_ row: (String, Int64)) {
        #expect(BandwidthLimit.rate(row.0) == .some(row.1))
    }

    @Test(
        "`unlimited` is no limit, and what is no rate is refused",
        arguments: ["", "fast", "-1", "nan", "0x10", "1e3", "2000TB", "10MB/h", "1.2.3"])
    func noRates(_ text: String) {
        #expect(BandwidthLimit.rate("unlimited") == .some(nil))
        #expect(BandwidthLimit.rate(text) == nil)
    }

    @Test(
        "A window is read and written alike",
        arguments: ["08:00-18:00=2MB", "22:30-06:00=unlimited", "00:00-24:00=0B", "12:00-12:01=1234567B"])
    func windows(_ text: String) throws {
        #expect(try #require(BandwidthLimit.Window(text)).text == text)
    }

    @Test(
        "What is no window is refused",
        arguments: [
            "", "08:00-18:00", "8-18=1MB", "08:00-08:00=1MB", "24:00-08:00=1MB", "08:60-09:00=1MB", "25:00-26:00=1",
            "08:00-18:00=2MB=3", "08:00=2MB", "08:00-18:00-19:00=1",
        ])
    func noWindows(_ text: String) {
        #expect(BandwidthLimit.Window(text) == nil)
    }

    @Test("The first window that holds decides, else the rate outside of them; each holds for its minute")
    func schedule() throws {
        let limit = BandwidthLimit(
            bytesPerSecond: 9,
            windows: try ["08:00-18:00=1B", "12:00-13:00=2B", "22:00-06:00=unlimited"].map {
                try #require(BandwidthLimit.Window($0))
            })
        #expect(limit.rate(at: self.time(7, 59, second: 59), offset: 0).bytesPerSecond == 9)
        #expect(limit.rate(at: self.time(7, 59, second: 59), offset: 0).until == self.time(8, 0))
        #expect(limit.rate(at: self.time(8, 0), offset: 0).bytesPerSecond == 1)
        #expect(limit.rate(at: self.time(12, 30), offset: 0).bytesPerSecond == 1)
        #expect(limit.rate(at: self.time(18, 0), offset: 0).bytesPerSecond == 9)
        #expect(limit.rate(at: self.time(22, 0), offset: 0).bytesPerSecond == nil)
        #expect(limit.rate(at: self.time(3, 0), offset: 0).bytesPerSecond == nil)
        #expect(limit.rate(at: self.time(6, 0), offset: 0).bytesPerSecond == 9)
    }

    @Test("Windows are in the zone of the limit")
    func zones() throws {
        let limit = BandwidthLimit(
            bytesPerSecond: nil, windows: [try #require(BandwidthLimit.Window("08:00-18:00=1B"))], zone: "Asia/Kolkata")
        let ahead = 5 * 3600 + 1800
        #expect(limit.rate(at: self.time(2, 29), offset: ahead).bytesPerSecond == nil)
        #expect(limit.rate(at: self.time(2, 30), offset: ahead).bytesPerSecond == 1)
        #expect(limit.rate(at: self.time(12, 30), offset: ahead).bytesPerSecond == nil)
        #expect(limit.rate(at: self.time(16, 0), offset: -8 * 3600).bytesPerSecond == 1)
        #expect(limit.rate(at: self.time(1, 30), offset: -8 * 3600).bytesPerSecond == 1)
    }

    @Test("Bounds are kept")
    func bounds() {
        #expect(BandwidthLimit(bytesPerSecond: 0).isValid)
        #expect(!BandwidthLimit(bytesPerSecond: -1).isValid)
        #expect(!BandwidthLimit(bytesPerSecond: BandwidthLimit.maximumRate + 1).isValid)
        #expect(!BandwidthLimit(bytesPerSecond: 1, windows: [.init(start: 1, end: 1, bytesPerSecond: 1)]).isValid)
        #expect(!BandwidthLimit(bytesPerSecond: 1, windows: [.init(start: -1, end: 9, bytesPerSecond: 1)]).isValid)
        let many = [BandwidthLimit.Window](repeating: .init(start: 0, end: 9, bytesPerSecond: 1), count: 49)
        #expect(!BandwidthLimit(bytesPerSecond: 1, windows: many).isValid)
    }
}
