import Logging
import TernCore
import TernObjects
import TernReplicationWorkers
import TernTestSupport
import Testing

/// Runs the workers of some regions while `body` runs, and moves the clock for it.
func withWorkers(
    _ regions: [TestRegion],
    _ transport: FaultyTransport,
    options: ReplicationOptions = ReplicationOptions(),
    _ body: ([ReplicationRuntime]) async throws -> Void
) async throws {
    var runtimes: [ReplicationRuntime] = []
    for region in regions {
        transport.connect(region)
        try await region.service.outbox.rebuild(from: region.service.registry)
        runtimes.append(
            ReplicationRuntime(
                service: region.service, transport: transport, wall: region.clock, random: region.random,
                options: options, logger: region.service.logger))
    }
    let started = runtimes
    try await withThrowingTaskGroup(of: Void.self) { group in
        for runtime in started { group.addTask { await runtime.run() } }
        try await body(started)
        group.cancelAll()
    }
}

/// Lets the workers work, and moves the clock by 20 ms whenever they have had their turns, until the condition holds.
func settle(
    _ clock: ManualClock,
    within limit: Duration = .seconds(3600),
    until condition: () async throws -> Bool
) async throws {
    let end = clock.now + limit
    // A short limit is a statement about the workers, which other tests beside them must not keep from their turns.
    let turns = limit < .seconds(60) ? 2000 : 40
    while clock.now < end {
        for _ in 0..<turns { await Task.yield() }
        if try await condition() { return }
        clock.advance(by: .milliseconds(20))
    }
    Issue.record("not settled within \(limit)")
}

/// Lets the workers work for some time of the clock.
func pass(_ duration: Duration, _ clock: ManualClock) async throws {
    let end = clock.now + duration
    while clock.now < end {
        for _ in 0..<40 { await Task.yield() }
        clock.advance(by: .milliseconds(20))
    }
}
