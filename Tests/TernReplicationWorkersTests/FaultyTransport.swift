import NIOCore
import Synchronization
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernTestSupport

/// Carries deliveries within the process, and loses, doubles, delays and shuffles them as its seed says.
final class FaultyTransport: PeerTransport {
    struct Faults: Sendable {
        /// The request never arrives.
        var dropsRequest = 0.0
        /// It arrives and takes effect, but the answer is lost.
        var dropsAnswer = 0.0
        /// It arrives twice.
        var doubles = 0.0
        /// The longest delay.
        var delay = Duration.zero
    }

    private struct State {
        var services: [RegionName: ObjectService] = [:]
        var unreachable: Set<RegionName> = []
        var faults = Faults()
        var poison: Set<String> = []
        var requestCount = 0
        var segmentBytes: Int64 = 0
        var commitCount = 0
    }

    private let state = Mutex(State())
    private let clock: ManualClock
    private let random: SeededRandom

    init(clock: ManualClock, seed: UInt64, faults: Faults = Faults()) {
        self.clock = clock
        self.random = SeededRandom(seed: seed)
        self.state.withLock { $0.faults = faults }
    }

    func connect(_ region: TestRegion) {
        self.state.withLock { $0.services[region.name] = region.service }
    }

    func setReachable(_ isReachable: Bool, _ region: RegionName) {
        self.state.withLock { state in
            if isReachable { state.unreachable.remove(region) } else { state.unreachable.insert(region) }
        }
    }

    /// Requests that carry an item with this key break the connection.
    func setPoison(_ keys: Set<String>) { self.state.withLock { $0.poison = keys } }
    func setFaults(_ faults: Faults) { self.state.withLock { $0.faults = faults } }
    var requestCount: Int { self.state.withLock { $0.requestCount } }
    /// Bytes of segments that arrived.
    var segmentBytes: Int64 { self.state.withLock { $0.segmentBytes } }

    /// Sessions whose commit was asked for.
    var commitCount: Int { self.state.withLock { $0.commitCount } }

    func deliver(_ items: [IngestItem], to region: RegionName) async throws(TransportError) -> [IngestResult] {
        let isPoisoned = self.state.withLock { state in
            items.contains { state.poison.contains(String(decoding: $0.replica.key, as: UTF8.self)) }
        }
        if isPoisoned { throw TransportError(.networkError, "connection reset", mayBeDueToContent: true) }
        return try await self.carry(to: region) { await $0.ingest(items) }
    }

    func beginSession(_ replica: ReplicaRecord, to region: RegionName) async throws(TransportError) -> IngestProgress {
        try await self.carry(to: region) { await $0.beginIngest(replica) }
    }

    func sendSegment(
        _ segment: SegmentAddress, body: any HTTPBodySource, to region: RegionName
    ) async throws(TransportError) -> IngestResult {
        var bytes = ByteBuffer()
        do {
            while var chunk = try await body.next() { bytes.writeBuffer(&chunk) }
        } catch {
            throw TransportError(.networkError, "\(error)", mayBeDueToContent: true)
        }
        let whole = bytes
        return try await self.carry(to: region) { service in
            self.state.withLock { $0.segmentBytes += segment.byteCount }
            return await service.ingestSegment(segment, body: BytesSource(whole))
        }
    }

    func commitSession(_ replica: ReplicaRecord, to region: RegionName) async throws(TransportError) -> IngestResult {
        self.state.withLock { $0.commitCount += 1 }
        return try await self.carry(to: region) { await $0.commitIngest(replica) }
    }

    private func carry<Answer: Sendable>(
        to region: RegionName,
        _ call: @Sendable (ObjectService) async -> Answer
    ) async throws(TransportError) -> Answer {
        let (service, faults) = self.state.withLock { state in
            state.requestCount += 1
            return (state.unreachable.contains(region) ? nil : state.services[region], state.faults)
        }
        await self.wait(faults)
        guard let service else { throw TransportError(.networkError, "no route to \(region)") }
        if self.random.chance(faults.dropsRequest) {
            throw TransportError(.networkError, "request lost", mayBeDueToContent: self.random.chance(0.5))
        }
        let answer = await call(service)
        if self.random.chance(faults.doubles) { _ = await call(service) }
        await self.wait(faults)
        if self.random.chance(faults.dropsAnswer) {
            throw TransportError(.timeout, "answer lost", mayBeDueToContent: self.random.chance(0.3))
        }
        return answer
    }

    private func wait(_ faults: Faults) async {
        guard faults.delay > .zero else { return }
        try? await self.clock.sleep(until: self.clock.now + faults.delay * self.random.nextFraction())
    }
}
