import Synchronization
import TernPorts
import Testing

@Suite("Clients that a region makes room for")
struct ClientActivityTests {
    private final class Clock: Sendable {
        private let time = Mutex(ContinuousClock.now)

        var now: ContinuousClock.Instant { self.time.withLock { $0 } }

        func advance(to now: ContinuousClock.Instant) { self.time.withLock { $0 = now } }
    }

    private let clock = Clock()
    private let activity: ClientActivity

    init() {
        let clock = self.clock
        self.activity = ClientActivity(now: { clock.now })
    }

    /// Clients with a connection each, spread evenly, that send a request, wait for its answer, and rest.
    private func run(_ count: Int, waiting: Duration, resting: Duration, for length: Duration = .milliseconds(500)) {
        let start = self.clock.now
        var events: [(time: Duration, begins: Bool)] = []
        for client in 0..<count {
            var time = (waiting + resting) * client / count
            while time + waiting <= length {
                events += [(time, true), (time + waiting, false)]
                time += waiting + resting
            }
        }
        for event in events.sorted(by: { $0.time < $1.time }) {
            self.clock.advance(to: start + event.time)
            if event.begins { self.activity.requestBegan(after: resting) } else { self.activity.requestEnded() }
        }
    }

    @Test("Clients that send as fast as answers come are made room for, however few of them wait at a moment")
    func pressing() {
        self.run(64, waiting: .milliseconds(4), resting: .milliseconds(2))
        #expect(self.activity.isBusy)
    }

    @Test("Clients at half of the rate that they could have are not, either, while they wait for half of their time")
    func overtaken() {
        self.run(64, waiting: .milliseconds(7), resting: .milliseconds(5))
        #expect(!self.activity.isBusy)
    }

    @Test("Clients at half of the rate that they could have are not, though they wait for a third of their time")
    func half() {
        self.run(64, waiting: .milliseconds(4), resting: .milliseconds(8))
        #expect(!self.activity.isBusy)
    }

    @Test("Clients with times of their own are not, however many of them wait at a moment")
    func steady() {
        self.run(400, waiting: .milliseconds(5), resting: .milliseconds(80))
        #expect(!self.activity.isBusy)
    }

    @Test("Few clients are not")
    func few() {
        self.run(8, waiting: .milliseconds(4), resting: .milliseconds(1))
        #expect(!self.activity.isBusy)
    }

    @Test("Connections that are hardly used do not hide those that press")
    func hidden() {
        let start = self.clock.now
        for number in 0..<500 {
            self.clock.advance(to: start + .milliseconds(number))
            if number % 5 == 0 { for _ in 0..<32 { self.activity.requestBegan(after: .milliseconds(1)) } }
            if number % 5 == 4 { for _ in 0..<32 { self.activity.requestEnded() } }
            // One of two hundred and fifty that ask once in a second each.
            guard number.isMultiple(of: 4) else { continue }
            self.activity.requestBegan(after: .seconds(1))
            self.activity.requestEnded()
        }
        #expect(self.activity.isBusy)
    }

    @Test("At the start of a burst their number decides, and after it nobody is made room for")
    func burst() {
        #expect(!self.activity.isBusy)
        for _ in 0..<16 { self.activity.requestBegan() }
        #expect(self.activity.isBusy)
        for _ in 0..<16 { self.activity.requestEnded() }
        let end = self.clock.now
        for step in 1...3 {
            self.clock.advance(to: end + .milliseconds(150 * step))
            _ = self.activity.isBusy
        }
        #expect(!self.activity.isBusy)
    }

    @Test("Of a burst, the time before it does not count, wherever in a window it begins", arguments: [10, 50, 90, 99])
    func lateBurst(milliseconds: Int) {
        // A window has begun, and is empty.
        self.activity.requestBegan()
        self.activity.requestEnded()
        self.clock.advance(to: self.clock.now + .milliseconds(300))
        #expect(!self.activity.isBusy)
        let start = self.clock.now + .milliseconds(milliseconds)
        self.clock.advance(to: start)
        for _ in 0..<20 { self.activity.requestBegan() }
        for step in 0..<60 {
            self.clock.advance(to: start + .milliseconds(5 * step))
            #expect(self.activity.isBusy)
        }
    }

    @Test("One strange tenth of a second among others changes nothing, and several do")
    func strangeWindow() {
        self.run(64, waiting: .milliseconds(3), resting: .milliseconds(1))
        #expect(self.activity.isBusy)
        self.run(64, waiting: .milliseconds(2), resting: .milliseconds(2), for: .milliseconds(100))
        #expect(self.activity.isBusy)
        self.run(64, waiting: .milliseconds(1), resting: .milliseconds(3))
        #expect(!self.activity.isBusy)
    }

    @Test("Requests that take long are waited for all the time")
    func long() {
        for _ in 0..<20 { self.activity.requestBegan() }
        let start = self.clock.now
        for step in 1...10 {
            self.clock.advance(to: start + .milliseconds(150 * step))
            #expect(self.activity.isBusy)
        }
    }

    @Test("Commits gather for clients that have times of their own, not for those that press", arguments: [20, 64])
    func gathering(count: Int) {
        #expect(self.activity.commitsToGather == 0)
        self.run(count, waiting: .milliseconds(4), resting: .milliseconds(8))
        #expect((count / 4 - 2...count / 4 + 1).contains(self.activity.commitsToGather))
        self.run(count, waiting: .milliseconds(4), resting: .milliseconds(1))
        #expect(self.activity.commitsToGather == 0)
    }

    @Test("Few clients that wait for each answer are waited for no longer than others of them are on their way")
    func gatheringOfFew() {
        self.run(12, waiting: .milliseconds(4), resting: .milliseconds(1))
        #expect((2...3).contains(self.activity.commitsToGather))
        self.run(4, waiting: .milliseconds(4), resting: .milliseconds(1))
        #expect(self.activity.commitsToGather == 0)
    }

    @Test("Where the processors have time, nothing gathers")
    func gatheringOnIdleMachine() {
        let clock = self.clock
        let activity = ClientActivity(now: { clock.now }, isMachineSaturated: { false })
        for _ in 0..<64 { activity.requestBegan(after: .milliseconds(20)) }
        clock.advance(to: clock.now + .milliseconds(10))
        for _ in 0..<64 { activity.requestEnded() }
        clock.advance(to: clock.now + .milliseconds(150))
        for _ in 0..<64 { activity.requestBegan(after: .milliseconds(20)) }
        #expect(activity.commitsToGather == 0)
    }

    @Test("Where the processors have time, nobody has to make room")
    func idleMachine() {
        let activity = ClientActivity(isMachineSaturated: { false })
        for _ in 0..<100 { activity.requestBegan() }
        #expect(!activity.isBusy)
    }
}
