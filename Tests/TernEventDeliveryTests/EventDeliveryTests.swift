import Logging
import Synchronization
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol
import TernTestSupport
import Testing

@testable import TernEventDelivery

/// A target that does as it is told, and keeps what it takes.
private final class FakeTarget: EventTarget {
    struct State {
        var taken: [EventMessage] = []
        var attempts = 0
        var batchSizes: [Int] = []
        var answer: @Sendable (EventMessage) -> DeliveryResult = { _ in .delivered }
    }

    let state = Mutex(State())

    func deliver(_ messages: [EventMessage]) async -> [DeliveryResult] {
        self.state.withLock { state in
            state.batchSizes.append(messages.count)
            return messages.map { message in
                state.attempts += 1
                let result = state.answer(message)
                if result == .delivered { state.taken.append(message) }
                return result
            }
        }
    }

    func answer(_ answer: @escaping @Sendable (EventMessage) -> DeliveryResult) {
        self.state.withLock { $0.answer = answer }
    }

    func shutDown() async {}

    var keys: [String] {
        self.state.withLock { state in
            state.taken.compactMap { $0.event.map { String(decoding: $0.key.bytes, as: UTF8.self) } }
        }
    }

    var attempts: Int { self.state.withLock { $0.attempts } }
}

private struct NoIdentities: IdentityStore {
    func accessKey(_ id: String, sessionToken: String?) async throws(SessionTokenProblem) -> AccessKey? { nil }
    func account(_ id: AccountID) async -> Account? { nil }
    func account(canonicalID: String) async -> Account? { nil }
}

@Suite("Delivery of events (TGT-1)")
struct EventDeliveryTests {
    private static func arn(_ name: String) -> String { "arn:aws:lambda:us-east-1:111111111111:function:\(name)" }

    /// A region in memory that sends to fake targets.
    private struct World {
        let clock = ManualClock()
        let region: TestRegion
        /// In front of the region's; fails on demand.
        let store: UncertainStore
        let service: ObjectService
        let targets: [String: FakeTarget]
        let delivery: EventDelivery

        init(_ names: String..., change: (inout TargetConfiguration) -> Void = { _ in }) {
            self.region = TestRegion("us-east-1", clock: self.clock, seed: 7)
            self.store = UncertainStore(self.region.metadata)
            self.service = self.region.service(over: self.store)
            var targets: [String: FakeTarget] = [:]
            var configured: [(configuration: TargetConfiguration, target: any EventTarget)] = []
            for name in names {
                let target = FakeTarget()
                targets[name] = target
                var configuration = TargetConfiguration(arn: EventDeliveryTests.arn(name), kind: .file(path: ""))
                change(&configuration)
                configured.append((configuration, target))
            }
            self.targets = targets
            self.delivery = EventDelivery(
                targets: configured, service: self.service, identities: NoIdentities(), wall: self.clock,
                random: SeededRandom(seed: 9), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        func bucket(_ name: String, to target: String) async throws {
            try await self.region.makeBucket(name)
            let text =
                "<NotificationConfiguration><CloudFunctionConfiguration><Id>i</Id>"
                + "<CloudFunction>\(EventDeliveryTests.arn(target))</CloudFunction><Event>s3:ObjectCreated:*</Event>"
                + "</CloudFunctionConfiguration></NotificationConfiguration>"
            let configuration = try NotificationConfigurationXML(decoding: Array(text.utf8)) { "id" }
            try await self.service.setNotifications(configuration, of: name, cause: .server)
        }

        func put(_ key: String, in bucket: String, bytes: [UInt8]) async throws {
            try await self.region.put(key, in: bucket, bytes: bytes, by: self.service)
        }

        func pending(_ target: String) -> Int {
            self.service.events.counts.filter { $0.key.target == EventDeliveryTests.arn(target) }
                .reduce(0) { $0 + $1.value.pending }
        }

        func dead(_ target: String) -> Int {
            self.service.events.counts.filter { $0.key.target == EventDeliveryTests.arn(target) }
                .reduce(0) { $0 + $1.value.dead }
        }

        /// Runs the delivery while `body` looks at it.
        func whileRunning(_ body: () async throws -> Void) async throws {
            let delivery = self.delivery
            let task = Task { await delivery.run() }
            do {
                try await body()
            } catch {
                task.cancel()
                await task.value
                throw error
            }
            task.cancel()
            await task.value
        }

        /// Waits until `condition` holds; with `advancing`, the clock moves on meanwhile.
        func eventually(
            advancing step: Duration? = nil, _ condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            for _ in 0..<20_000 {
                if condition() { return }
                if let step { self.clock.advance(by: step) }
                try await Task.sleep(for: .milliseconds(1))
            }
            Issue.record("it did not come true", sourceLocation: sourceLocation)
        }
    }

    @Test("Every event arrives once where nothing fails, those of a key in their order")
    func order() async throws {
        let world = World("a")
        try await world.bucket("one", to: "a")
        try await world.bucket("two", to: "a")
        try await world.whileRunning {
            for number in 0..<200 {
                try await world.put("k\(number % 7)", in: number % 3 == 0 ? "one" : "two", bytes: [1])
            }
            try await world.eventually { world.pending("a") == 0 }
        }
        let taken = try #require(world.targets["a"]).state.withLock { $0.taken }
        #expect(taken.count == 200)
        for bucket in ["one", "two"] {
            for key in 0..<7 {
                let sequencers = taken.compactMap(\.event)
                    .filter { $0.bucket == bucket && $0.key.bytes == Array("k\(key)".utf8) }
                    .compactMap(\.sequencer)
                #expect(sequencers == sequencers.sorted() && !sequencers.isEmpty)
            }
        }
        #expect(try #require(world.targets["a"]).state.withLock { $0.batchSizes.allSatisfy { $0 <= 64 } })
    }

    @Test("A target that is down is asked less and less, with one event at a time, and stops no other")
    func down() async throws {
        let world = World("a", "b")
        try await world.bucket("one", to: "a")
        try await world.bucket("two", to: "b")
        let down = try #require(world.targets["a"])
        down.answer { _ in .unavailable("down") }
        try await world.whileRunning {
            for number in 0..<100 {
                try await world.put("k\(number)", in: "one", bytes: [1])
                try await world.put("k\(number)", in: "two", bytes: [1])
            }
            try await world.eventually { world.pending("b") == 0 }
            // Whoever sleeps by a clock that does not move makes no attempt.
            try await world.eventually { down.attempts > 0 && world.clock.sleeperCount > 0 }
            #expect(down.attempts <= 64)
            let start = down.attempts
            // Half a minute: at rests of 1, 2, 4, 8 and 16 seconds or less.
            for _ in 0..<30 {
                world.clock.advance(by: .seconds(1))
                try await world.eventually { world.clock.sleeperCount > 0 }
            }
            #expect((2...12).contains(down.attempts - start))
            #expect(world.pending("a") == 100)
            let report = try await world.delivery.report()
            #expect(report.first { $0.target == Self.arn("a") }?.state == "backing off")
            #expect(report.first { $0.target == Self.arn("a") }?.lastError == "down")
            down.answer { _ in .delivered }
            try await world.eventually(advancing: .seconds(1)) { world.pending("a") == 0 }
        }
        #expect(Set(down.keys).count == 100 && down.keys.count == 100)
    }

    @Test("An event that is refused holds back its own key alone, and becomes a dead letter in the end")
    func poison() async throws {
        let world = World("a") { $0.maximumAttempts = 3 }
        try await world.bucket("one", to: "a")
        let target = try #require(world.targets["a"])
        target.answer { message in
            message.event?.byteCount == 13 ? .refused("unlucky") : .delivered
        }
        try await world.whileRunning {
            try await world.put("poison", in: "one", bytes: [UInt8](repeating: 0, count: 13))
            try await world.put("poison", in: "one", bytes: [1])
            try await world.put("fine", in: "one", bytes: [1])
            try await world.eventually { target.keys == ["fine"] }
            #expect(world.pending("a") == 2)
            try await world.eventually(advancing: .milliseconds(500)) {
                world.dead("a") == 1 && world.pending("a") == 0
            }
            #expect(target.keys == ["fine", "poison"])
            let letter = try #require(try await world.delivery.deadLetters(of: Self.arn("a"), limit: 10).first)
            #expect(letter.key == "poison" && letter.error == "unlucky")
            target.answer { _ in .delivered }
            #expect(try await world.delivery.redrive(Self.arn("a")) == 1)
            try await world.eventually { world.pending("a") == 0 && world.dead("a") == 0 }
            #expect(target.keys == ["fine", "poison", "poison"])
        }
    }

    @Test("What grows too old becomes a dead letter, of a target that the configuration does not name, too")
    func retention() async throws {
        let world = World("a") { $0.retention = .seconds(60) }
        try await world.bucket("one", to: "a")
        try await world.bucket("two", to: "missing")
        let target = try #require(world.targets["a"])
        target.answer { _ in .unavailable("down") }
        try await world.whileRunning {
            for number in 0..<10 {
                try await world.put("k\(number)", in: "one", bytes: [1])
                try await world.put("k\(number)", in: "two", bytes: [1])
            }
            try await world.eventually(advancing: .seconds(5)) { world.dead("a") == 10 && world.pending("a") == 0 }
            #expect(world.dead("missing") == 0)
            let report = try await world.delivery.report().first { $0.target == Self.arn("missing") }
            #expect(report?.kind == "missing" && report?.queued == 10)
            world.clock.advance(by: .seconds(345_601))
            try await world.eventually(advancing: .seconds(60)) { world.dead("missing") == 10 }
        }
    }

    @Test("410: nothing more is sent until somebody asks for it")
    func closed() async throws {
        let world = World("a")
        try await world.bucket("one", to: "a")
        let target = try #require(world.targets["a"])
        target.answer { _ in .closed("gone") }
        try await world.whileRunning {
            try await world.put("k", in: "one", bytes: [1])
            try await world.eventually { target.attempts == 1 }
            // In the end it waits without a time.
            try await world.eventually(advancing: .seconds(600)) { world.clock.sleeperCount == 0 }
            world.clock.advance(by: .seconds(12_000))
            try await world.put("next", in: "one", bytes: [1])
            target.answer { _ in .delivered }
            _ = try await world.delivery.redrive(nil)
            try await world.eventually { world.pending("a") == 0 }
        }
        // One that was closed to, and one for each event: any in between would be one more.
        #expect(target.keys == ["k", "next"] && target.attempts == 3)
    }

    @Test("Events that lie ahead are sent when they come, and only if they come true")
    func ahead() async throws {
        let world = World("a")
        try await world.region.makeBucket("one")
        let text =
            "<NotificationConfiguration><CloudFunctionConfiguration><Id>i</Id>"
            + "<CloudFunction>\(Self.arn("a"))</CloudFunction><Event>s3:ObjectRestore:*</Event>"
            + "</CloudFunctionConfiguration></NotificationConfiguration>"
        let configuration = try NotificationConfigurationXML(decoding: Array(text.utf8)) { "id" }
        try await world.service.setNotifications(configuration, of: "one", cause: .server)
        let target = try #require(world.targets["a"])
        var attributes = ObjectAttributes()
        attributes.storageClass = .glacier
        for key in ["kept", "removed"] {
            _ = try await world.service.putObject(
                try ObjectKey(key), in: "one", attributes: attributes, body: BytesSource([1]),
                digests: ExpectedDigests(), condition: .none)
        }
        let request = try RestoreRequestXML(decoding: Array("<RestoreRequest><Days>1</Days></RestoreRequest>".utf8))
        func types() -> [S3EventType] { target.state.withLock { $0.taken.compactMap { $0.event?.type } } }
        try await world.whileRunning {
            for key in ["kept", "removed"] {
                _ = try await world.service.restore(nil, of: try ObjectKey(key), in: "one", request: request)
            }
            try await world.eventually { target.keys.count == 2 }
            let removed = try #require(try await world.region.stack("removed", in: "one").first)
            _ = try await world.service.deleteVersion(
                .id(removed.versionID), of: try ObjectKey("removed"), in: "one", condition: .none)
            try await world.eventually(advancing: .milliseconds(100)) { target.keys.count == 3 }
            #expect(types().last == .objectRestoreCompleted && target.keys.last == "kept")
            world.clock.advance(by: .seconds(2 * 86_400))
            try await world.eventually(advancing: .seconds(1)) { world.pending("a") == 0 }
        }
        #expect(types() == [.objectRestorePost, .objectRestorePost, .objectRestoreCompleted, .objectRestoreDelete])
        #expect(target.keys.suffix(2) == ["kept", "kept"])
    }

    @Test(
        "What became of events counts as the store has it, also where the store gave no answer",
        arguments: [true, false])
    func uncertain(made: Bool) async throws {
        let world = World("a") { $0.maximumAttempts = 1 }
        try await world.bucket("one", to: "a")
        let target = try #require(world.targets["a"])
        let store = world.store
        for key in ["fine", "poison"] { try await world.put(key, in: "one", bytes: [1]) }
        let isFirst = Mutex(true)
        target.answer { message in
            let isFirst = isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst
            }
            if isFirst { store.failNextCommit(made: made) }
            return message.event?.key.bytes == Array("poison".utf8) ? .refused("unlucky") : .delivered
        }
        try await world.whileRunning {
            try await world.eventually(advancing: .milliseconds(100)) {
                world.pending("a") == 0 && world.dead("a") == 1
            }
            // Another one, sent afterwards, changes nothing in that.
            try await world.put("last", in: "one", bytes: [1])
            try await world.eventually(advancing: .milliseconds(100)) {
                target.keys.last == "last" && world.pending("a") == 0
            }
        }
        let recount = world.region.service(over: world.region.metadata).events
        try await recount.rebuild()
        #expect(world.service.events.counts == recount.counts)
    }

    @Test("A backlog from before a restart is sent, whatever its size")
    func backlog() async throws {
        let world = World("a")
        try await world.bucket("one", to: "a")
        for number in 0..<700 { try await world.put("k\(number % 300)", in: "one", bytes: [1]) }
        #expect(world.pending("a") == 700)
        try await world.service.events.rebuild()
        #expect(world.pending("a") == 700)
        try await world.whileRunning { try await world.eventually { world.pending("a") == 0 } }
        #expect(try #require(world.targets["a"]).keys.count == 700)
    }
}
