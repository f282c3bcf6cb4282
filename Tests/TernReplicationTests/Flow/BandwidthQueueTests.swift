import TernCore
import TernReplication
import Testing

@Suite("A limited line")
struct BandwidthQueueTests {
    /// Lanes that always have another request, and the clock: what each sent.
    struct Line {
        struct Sender {
            var lane: Int
            var traffic = TrafficClass.live
            var bytes: Int64
            /// Requests that wait at once.
            var width = 1
        }

        var queue = BandwidthQueue()
        var now = Timestamp(milliseconds: 1_700_000_000_000)
        var sent: [Int: Int64] = [:]

        /// - Returns: The largest sum that was sent within any second.
        @discardableResult
        mutating func run(_ senders: [Sender], milliseconds: Int) -> Int64 {
            var waiting: [(ticket: BandwidthQueue.Ticket, sender: Sender)] = []
            for sender in senders {
                for _ in 0..<sender.width {
                    waiting.append(
                        (self.queue.enter(lane: sender.lane, traffic: sender.traffic, bytes: sender.bytes), sender))
                }
            }
            var grants: [(time: Int64, bytes: Int64)] = []
            for _ in 0..<milliseconds {
                for index in waiting.indices {
                    let sender = waiting[index].sender
                    while self.queue.ask(waiting[index].ticket, at: self.now) == .granted {
                        self.sent[sender.lane, default: 0] += sender.bytes
                        grants.append((self.now.milliseconds, sender.bytes))
                        waiting[index].ticket = self.queue.enter(
                            lane: sender.lane, traffic: sender.traffic, bytes: sender.bytes)
                    }
                }
                self.now = self.now + .milliseconds(1)
            }
            for one in waiting { self.queue.leave(one.ticket) }
            var most: Int64 = 0
            for grant in grants {
                most = max(
                    most,
                    grants.filter { (grant.time..<grant.time + 1000).contains($0.time) }.reduce(0) { $0 + $1.bytes })
            }
            return most
        }
    }

    @Test("Over seconds, exactly the rate passes, whatever the sizes", arguments: [1000, 64_000, 1_000_000] as [Int64])
    func exact(_ size: Int64) throws {
        var line = Line()
        line.queue.setRate(1_000_000, at: line.now)
        let most = line.run([.init(lane: 1, bytes: size)], milliseconds: 20_000)
        let sent = try #require(line.sent[1])
        #expect(abs(sent - 20_000_000) <= max(size, 100_000))
        // What was saved up, and the last request, may come on top.
        #expect(most <= 1_000_000 + 100_000 + size)
    }

    @Test("Lanes share the line alike, whether their requests are large or small, many or few")
    func fair() throws {
        var line = Line()
        line.queue.setRate(1_000_000, at: line.now)
        line.run(
            [
                .init(lane: 1, bytes: 200_000, width: 16), .init(lane: 2, bytes: 20_000),
                .init(lane: 3, bytes: 64_000, width: 4),
            ], milliseconds: 30_000)
        for lane in 1...3 {
            let sent = try #require(line.sent[lane])
            #expect((9_000_000...11_000_000).contains(sent), "lane \(lane) sent \(sent)")
        }
    }

    @Test("Timed traffic goes before live, and live before batch; none waits forever")
    func priorities() throws {
        var line = Line()
        line.queue.setRate(1_000_000, at: line.now)
        line.run(
            [
                .init(lane: 1, traffic: .timed, bytes: 10_000, width: 4),
                .init(lane: 2, traffic: .live, bytes: 10_000, width: 8),
                .init(lane: 3, traffic: .batch, bytes: 10_000, width: 8),
            ], milliseconds: 20_000)
        let (timed, live, batch) = (try #require(line.sent[1]), try #require(line.sent[2]), try #require(line.sent[3]))
        #expect(timed > 16_000_000)
        #expect((1_500_000...3_000_000).contains(live))
        #expect((150_000...400_000).contains(batch))
    }

    @Test("A timed request does not wait behind a backlog of live ones, only for the one that was granted")
    func urgency() {
        var line = Line()
        line.queue.setRate(100_000, at: line.now)
        for _ in 0..<50 { _ = line.queue.enter(lane: 1, traffic: .live, bytes: 50_000) }
        let ticket = line.queue.enter(lane: 2, traffic: .timed, bytes: 1000)
        var waited = 0
        while line.queue.ask(ticket, at: line.now) != .granted, waited < 10_000 {
            line.now = line.now + .milliseconds(1)
            waited += 1
        }
        #expect(waited <= 502)
    }

    @Test("A lane that comes after a pause neither catches up nor waits for what the others sent")
    func pauses() throws {
        var line = Line()
        line.queue.setRate(1_000_000, at: line.now)
        line.run([.init(lane: 1, bytes: 10_000)], milliseconds: 10_000)
        line.sent = [:]
        line.run([.init(lane: 1, bytes: 10_000), .init(lane: 2, bytes: 10_000)], milliseconds: 10_000)
        let (one, other) = (try #require(line.sent[1]), try #require(line.sent[2]))
        #expect(abs(one - other) <= 200_000)
    }

    @Test("A rate of 0 lets nothing pass, and no rate everything; each change holds at once")
    func changes() {
        var line = Line()
        line.queue.setRate(0, at: line.now)
        let ticket = line.queue.enter(lane: 1, traffic: .live, bytes: 1 << 40)
        #expect(line.queue.ask(ticket, at: line.now) == .waits(until: line.now + BandwidthQueue.longestWait))
        line.now = line.now + .seconds(3600)
        #expect(line.queue.ask(ticket, at: line.now) != .granted)
        line.queue.setRate(nil, at: line.now)
        #expect(line.queue.ask(ticket, at: line.now) == .granted)
    }

    @Test("Who gives up makes room, and a clock that is set back makes nobody wait for it")
    func leaving() {
        var line = Line()
        line.queue.setRate(1000, at: line.now)
        let first = line.queue.enter(lane: 1, traffic: .live, bytes: 1000)
        let second = line.queue.enter(lane: 1, traffic: .live, bytes: 1_000_000)
        let third = line.queue.enter(lane: 1, traffic: .live, bytes: 1)
        #expect(line.queue.ask(first, at: line.now) == .granted)
        line.queue.leave(second)
        line.now = Timestamp(milliseconds: line.now.milliseconds - 3_600_000)
        #expect(line.queue.ask(third, at: line.now) != .granted)
        #expect(line.queue.ask(third, at: line.now + .milliseconds(1001)) == .granted)
    }
}
