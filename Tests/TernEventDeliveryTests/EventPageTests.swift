import FoundationEssentials
import TernCore
import TernEventDelivery
import TernObjects
import TernRecords
import Testing

@Suite("Which events of a lane are sent now (TGT-1)")
struct EventPageTests {
    private static let now = Timestamp(milliseconds: 1_000_000)

    /// - Parameter age: In seconds.
    private static func event(_ key: String, _ number: UInt64, notBefore: Int64 = 0, age: Int64 = 0) -> StoredEvent {
        var record = EventRecord()
        record.key = .init(Array(key.utf8))
        record.notBeforeMs = notBefore
        let stamp = HybridTimestamp(milliseconds: self.now.milliseconds - age * 1000, counter: UInt16(number))
        let row = Keyspace.event(target: EventTargetHash("t"), stamp: stamp, unique: number)
        return StoredEvent(row: row, value: [], record: record)
    }

    private static func page(_ events: [StoredEvent], limit: Int = 10) -> EventPage {
        EventPage(events, at: self.now, limit: limit, retention: .seconds(100))
    }

    private static func rows(_ events: [StoredEvent]) -> [[UInt8]] { events.map(\.row) }

    @Test("The second event of a key waits for the first; those of other keys do not")
    func order() {
        let events = [Self.event("a", 1), Self.event("a", 2), Self.event("b", 3)]
        let page = Self.page(events)
        #expect(Self.rows(page.sendable) == Self.rows([events[0], events[2]]))
        #expect(page.firstHeld == events[1].row)
        #expect(page.hasMore && page.nextAttempt == nil)
    }

    @Test("An event that rests holds back those behind it of its key, until its time")
    func resting() {
        let events = [
            Self.event("a", 1, notBefore: 1_000_500), Self.event("a", 2), Self.event("b", 3),
            Self.event("c", 4, notBefore: 1_000_200),
        ]
        let page = Self.page(events)
        #expect(Self.rows(page.sendable) == Self.rows([events[2]]))
        #expect(page.firstHeld == events[0].row)
        #expect(page.nextAttempt == Timestamp(milliseconds: 1_000_200))
        #expect(!page.hasMore)
    }

    @Test("No more are sent at once than the limit")
    func limit() {
        let events = ["a", "b", "c"].enumerated().map { Self.event($1, UInt64($0)) }
        let page = Self.page(events, limit: 2)
        #expect(page.sendable.count == 2 && page.hasMore)
        #expect(page.firstHeld == events[2].row)
    }

    @Test("What grew too old is not sent, and holds nothing back")
    func expired() {
        let events = [Self.event("a", 1, notBefore: 2_000_000, age: 101), Self.event("a", 2, age: 99)]
        let page = Self.page(events)
        #expect(Self.rows(page.expired) == Self.rows([events[0]]))
        #expect(Self.rows(page.sendable) == Self.rows([events[1]]))
        #expect(page.firstHeld == nil)
    }

    @Test("A dead letter that was taken up again counts its age from then")
    func redriven() {
        var event = Self.event("a", 1, age: 1000)
        event.record.redrivenMs = Self.now.milliseconds - 1000
        #expect(Self.page([event]).expired.isEmpty)
    }

    @Test("The rests of a target double from a second on, with jitter, up to the longest")
    func backoff() {
        let maximum = Duration.seconds(300)
        let full = (1...12).map { TargetBackoff.delay(afterFailure: $0, maximum: maximum, jitter: 1) }
        #expect(full.prefix(4) == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)])
        #expect(full.last == maximum)
        #expect(TargetBackoff.delay(afterFailure: 1, maximum: maximum, jitter: 0) == .milliseconds(500))
        #expect(TargetBackoff.delay(afterFailure: .max, maximum: maximum, jitter: 1) == maximum)
        var backoff = TargetBackoff(maximum: maximum)
        backoff.failed("no", at: Self.now, jitter: 1)
        #expect(backoff.isProbing && backoff.until == Self.now + .seconds(1) && backoff.lastError == "no")
        backoff.succeeded()
        #expect(!backoff.isProbing && backoff.until == nil && backoff.lastError.isEmpty)
    }
}
