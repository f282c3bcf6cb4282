import NIOCore
import Synchronization
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication

/// The way from one region to the others, with all that goes wrong on it.
///
/// What a receiver does, it does in a task of its own: it neither stops nor fails because the sender went away.
final class SimulatedNetwork: PeerTransport {
    private let from: String
    private let links: Links
    private let timeline: Timeline
    private let queue: JobQueue
    private let dice: Dice
    private let trace: Trace
    private let receivers: Receivers

    /// How long a sender waits for an answer that does not come, in milliseconds.
    private static let timeout: Int64 = 10_000

    init(
        from: String, links: Links, timeline: Timeline, queue: JobQueue, dice: Dice, trace: Trace, receivers: Receivers
    ) {
        self.from = from
        self.links = links
        self.timeline = timeline
        self.queue = queue
        self.dice = dice
        self.trace = trace
        self.receivers = receivers
    }

    func deliver(_ items: [IngestItem], to region: RegionName) async throws(TransportError) -> [IngestResult] {
        let weather = self.links.weather
        var sent = items
        if self.dice.chance(weather.damages),
            let index = items.indices.first(where: { items[$0].body.readableBytes > 0 })
        {
            sent[index].body = self.damaged(items[index].body)
        }
        let whole = sent
        if self.dice.chance(weather.breaks) {
            let part = Array(whole.prefix(self.dice.below(whole.count)))
            _ = try await self.carry("some of \(items.count) items", to: region) { await $0.ingest(part) }
            throw TransportError(.networkError, "simulated: the connection broke", mayBeDueToContent: true)
        }
        return try await self.carry("\(items.count) items", to: region) { await $0.ingest(whole) }
    }

    func beginSession(_ replica: ReplicaRecord, to region: RegionName) async throws(TransportError) -> IngestProgress {
        try await self.carry("the beginning of a session", to: region) { await $0.beginIngest(replica) }
    }

    func sendSegment(
        _ segment: SegmentAddress, body: any HTTPBodySource, to region: RegionName
    ) async throws(TransportError) -> IngestResult {
        var bytes = ByteBuffer()
        do {
            while var chunk = try await body.next() { bytes.writeBuffer(&chunk) }
        } catch {
            throw TransportError(.networkError, "the source broke: \(error)", mayBeDueToContent: true)
        }
        let weather = self.links.weather
        if self.dice.chance(weather.damages), bytes.readableBytes > 0 { bytes = self.damaged(bytes) }
        let whole = bytes
        if self.dice.chance(weather.breaks) {
            let end = self.dice.below(whole.readableBytes)
            _ = try await self.carry("half of a segment", to: region) {
                await $0.ingestSegment(segment, body: SentBody(whole, breaksAt: end))
            }
            throw TransportError(.networkError, "simulated: the connection broke", mayBeDueToContent: true)
        }
        return try await self.carry("a segment", to: region) {
            await $0.ingestSegment(segment, body: SentBody(whole, breaksAt: nil))
        }
    }

    func commitSession(_ replica: ReplicaRecord, to region: RegionName) async throws(TransportError) -> IngestResult {
        try await self.carry("the end of a session", to: region) { await $0.commitIngest(replica) }
    }

    private func damaged(_ bytes: ByteBuffer) -> ByteBuffer {
        var bytes = bytes
        let place = bytes.readerIndex + self.dice.below(bytes.readableBytes)
        if let byte: UInt8 = bytes.getInteger(at: place) { bytes.setInteger(byte ^ 0x10, at: place) }
        return bytes
    }

    private func carry<Answer: Sendable>(
        _ what: String, to region: RegionName, _ call: @escaping @Sendable (ObjectService) async -> Answer
    ) async throws(TransportError) -> Answer {
        let weather = self.links.weather
        let to = region.description
        self.trace.note(2, line: "\(self.from) sends \(what) to \(to)")
        await self.timeline.pass(milliseconds: Int64(self.dice.below(weather.delay + 1)))
        if self.links.isCut(from: self.from, to: to) {
            // Either no route at all, or packets that nobody answers.
            guard self.dice.chance(0.5) else { throw TransportError(.networkError, "simulated: no route to \(to)") }
            await self.timeline.pass(milliseconds: Self.timeout)
            throw TransportError(.timeout, "simulated: \(to) does not answer")
        }
        if self.dice.chance(weather.losesRequest) {
            await self.timeline.pass(milliseconds: Self.timeout)
            throw TransportError(.timeout, "simulated: a lost request", mayBeDueToContent: self.dice.chance(0.3))
        }
        guard let service = self.receivers.service(of: to) else {
            throw TransportError(.networkError, "simulated: \(to) is down")
        }
        if self.dice.chance(weather.doubles) { self.sendAgain(to: to, call) }
        let work = Task(executorPreference: self.queue) {
            await Doer.$current.withValue(.server) { await call(service) }
        }
        let answer = await work.value
        await self.timeline.pass(milliseconds: Int64(self.dice.below(weather.delay + 1)))
        let isLost =
            self.dice.chance(weather.losesAnswer) || self.links.isCut(from: to, to: self.from)
            || !self.receivers.isAlive(service, of: to)
        if isLost {
            await self.timeline.pass(milliseconds: self.dice.chance(0.5) ? Self.timeout : 0)
            throw TransportError(.timeout, "simulated: a lost answer", mayBeDueToContent: self.dice.chance(0.3))
        }
        return answer
    }

    /// The same request, once more and later: by then another process may stand there.
    private func sendAgain<Answer: Sendable>(
        to: String, _ call: @escaping @Sendable (ObjectService) async -> Answer
    ) {
        let delay = Int64(self.dice.below(40_000))
        Task(executorPreference: self.queue) {
            await self.timeline.pass(milliseconds: delay)
            guard let service = self.receivers.service(of: to) else { return }
            self.trace.note(3, line: "\(to) gets a request of \(self.from) once more")
            _ = await Doer.$current.withValue(.server) { await call(service) }
        }
    }
}

/// The processes that answer now.
final class Receivers: Sendable {
    private let services = Mutex<[String: ObjectService]>([:])

    func service(of region: String) -> ObjectService? { self.services.withLock { $0[region] } }
    func set(_ service: ObjectService?, of region: String) { self.services.withLock { $0[region] = service } }
    func isAlive(_ service: ObjectService, of region: String) -> Bool { self.service(of: region) === service }
}

/// A request's body as it arrives, up to where the connection breaks.
final class SentBody: HTTPBodySource {
    private struct Broken: Error {}

    private let rest: Mutex<ByteBuffer>
    private let breaks: Bool

    init(_ bytes: ByteBuffer, breaksAt end: Int?) {
        self.breaks = end != nil
        var bytes = bytes
        self.rest = Mutex(end.flatMap { bytes.readSlice(length: $0) } ?? bytes)
    }

    func next() async throws -> ByteBuffer? {
        let chunk = self.rest.withLock { rest in
            rest.readableBytes == 0 ? nil : rest.readSlice(length: min(512, rest.readableBytes))
        }
        if let chunk { return chunk }
        if self.breaks { throw Broken() }
        return nil
    }
}
