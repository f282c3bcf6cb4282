import TernControlPlane
import TernCore
import TernStorage
import TernTestSupport
import Testing

@Suite("Metrics of CloudWatch")
struct MetricStoreTests {
    private static let day: Int64 = 86400
    private static let account = AccountID(trusted: "111111111111")
    private let metadata = MemoryMetadataStore()
    private let clock = ManualClock(now: Timestamp(seconds: 1_700_000_040))

    private func open() async throws -> MetricStore {
        try await MetricStore.open(metadata: self.metadata, wall: self.clock, random: SeededRandom(seed: 1))
    }

    private func series(_ name: String = "n", unit: String = "Count") -> MetricSeries {
        MetricSeries(
            account: Self.account, namespace: "ns", name: name, dimensions: [.init("b", "2"), .init("a", "1")],
            unit: unit)
    }

    private func sample(_ value: Double, at time: Timestamp) -> MetricSample {
        MetricSample(series: self.series(), time: time, point: MetricPoint(value))
    }

    @Test("CW-3, N-10: samples of one minute become one point, also in several publications and across a restart")
    func points() async throws {
        let store = try await self.open()
        let now = self.clock.now
        try await store.publish([self.sample(1, at: now), self.sample(3, at: now + .seconds(59))])
        try await store.publish([self.sample(5, at: now)])
        try await store.publish([self.sample(7, at: now + .seconds(60))])
        let again = try await self.open()
        let points = try await again.points(
            of: self.series(), start: now.seconds - 60, end: now.seconds + 300, period: 60)
        #expect(points.map(\.time) == [now.seconds, now.seconds + 60])
        #expect(points.map(\.point.count) == [3, 1])
        #expect(points.map(\.point.sum) == [9, 7])
        #expect(points.map(\.point.minimum) == [1, 7])
        #expect(points.map(\.point.maximum) == [5, 7])
        #expect(points.first?.point.percentile(50) == 3)
        let listed = await again.series(of: Self.account) { _ in true }
        #expect(listed.map(\.series) == [self.series()])
        #expect(await again.series(of: AccountID(trusted: "222222222222")) { _ in true }.isEmpty)
    }

    @Test("CW-3: periods begin at the start that is asked for, and the end is excluded")
    func periods() async throws {
        let store = try await self.open()
        let start = self.clock.now.seconds
        try await store.publish((0..<10).map { self.sample(1, at: Timestamp(seconds: start + $0 * 60)) })
        let points = try await store.points(of: self.series(), start: start + 60, end: start + 480, period: 180)
        #expect(points.map(\.time) == [start + 60, start + 240, start + 420])
        #expect(points.map(\.point.count) == [3, 3, 1])
    }

    @Test("CW-3: after 15 days the points of five minutes are left, after 63 days nothing")
    func ageing() async throws {
        let store = try await self.open()
        let start = self.clock.now.seconds - self.clock.now.seconds % 300
        try await store.publish((0..<5).map { self.sample(Double($0), at: Timestamp(seconds: start + $0 * 60)) })
        func points(_ period: Int64) async throws -> [Double] {
            try await store.points(of: self.series(), start: start, end: start + 600, period: period).map(\.point.sum)
        }
        #expect(try await points(60) == [0, 1, 2, 3, 4])
        #expect(try await points(300) == [10])
        self.clock.advance(by: .seconds(16 * Self.day))
        try await store.removeOld()
        #expect(try await points(60) == [])
        #expect(try await points(300) == [10])
        self.clock.advance(by: .seconds(48 * Self.day))
        try await store.removeOld()
        #expect(try await points(300) == [])
        #expect(await store.series(of: Self.account) { _ in true }.isEmpty)
        #expect(try await self.metadata.scan(KeyRange(from: [0], to: nil), in: .directory, limit: 10).isEmpty)
    }

    @Test("CW-3: samples from the future, and those too old to be kept, are left out")
    func limits() async throws {
        let store = try await self.open()
        let now = self.clock.now
        try await store.publish([
            self.sample(1, at: now + .seconds(3 * 3600)), self.sample(2, at: now + .seconds(-70 * Self.day)),
        ])
        let points = try await store.points(
            of: self.series(), start: now.seconds - 80 * Self.day, end: now.seconds + Self.day, period: 300)
        #expect(points.isEmpty)
    }

    @Test("Percentiles are known as long as the distinct values are few")
    func percentiles() {
        var point = MetricPoint(0)
        for value in 1..<MetricPoint.maximumValues { point.add(MetricPoint(Double(value))) }
        #expect(point.percentile(10) == 14)
        #expect(point.percentile(100) == 149)
        point.add(MetricPoint(1000))
        #expect(point.percentile(10) == nil)
        #expect(point.maximum == 1000)
        #expect(point.count == 151)
        #expect(MetricPoint(minimum: 2, maximum: 2, sum: 4, count: 2).percentile(50) == 2)
    }
}
