import Logging
import Synchronization
import TernCore
import TernObjects
import TernRecords

/// One seed, from an empty world to one that has come to rest.
package struct Simulation: Sendable {
    package var seed: UInt64
    /// Requests of clients.
    package var operations: Int
    /// Gets a line for everything that happens; `nil` for silence.
    package var printer: (@Sendable (String) -> Void)?

    package init(seed: UInt64, operations: Int = 50, printer: (@Sendable (String) -> Void)? = nil) {
        self.seed = seed
        self.operations = operations
        self.printer = printer
    }

    /// What a seed came to.
    package struct Result: Sendable, Hashable {
        package var seed: UInt64
        package var violations: [Violation]
        package var operations: Int
        package var commits: Int
        package var jobs: Int
        /// Of the simulated world.
        package var milliseconds: Int64
        /// Of everything that happened, in its order.
        package var traceHash: UInt64

        /// The same seed has given another run (invariant 12).
        package mutating func noteDifference(from other: Result) {
            self.violations.append(
                Violation(
                    invariant: .determinism,
                    message: "two runs differ: traces \(self.traceHash) and \(other.traceHash), "
                        + "\(self.jobs) and \(other.jobs) jobs",
                    milliseconds: self.milliseconds))
        }
    }

    /// Runs on the caller's thread, and on no other.
    package func run() -> Result {
        let dice = Dice(seed: self.seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678)
        let timeline = Timeline(dice: dice.fork("timeline"))
        let scenario = Scenario(dice: dice.fork("scenario"), operations: self.operations)
        let queue = JobQueue(timeline: timeline, dice: dice.fork("queue"), order: scenario.order)
        let trace = Trace(now: { timeline.now }, printer: self.printer)
        let printer = self.printer
        let parts = WorldParts(
            scenario: scenario, dice: dice, timeline: timeline, queue: queue, trace: trace, links: Links(),
            access: SimulatedAccess(timeline: timeline),
            logger: Logger(label: "simulation") { _ -> any LogHandler in
                if let printer { TraceLog(printer: printer) } else { SwiftLogNoOpLogHandler() }
            })
        let world = World(parts: parts)
        trace.note(0, line: "\(scenario)")
        switch queue.run({ await Self.play(world) }) {
        case .finished: break
        case .stuck: world.ledger.report(.liveness, "nothing can run, nobody sleeps, and the work is not done")
        case .spinning: world.ledger.report(.memory, "time stands still: something goes round in circles")
        }
        return Result(
            seed: self.seed, violations: world.ledger.read { $0.violations }, operations: world.operationCount,
            commits: world.orderedRegions.reduce(0) { $0 + $1.disk.commitCount }, jobs: queue.jobCount,
            milliseconds: timeline.now, traceHash: trace.hash)
    }

    private static func play(_ world: World) async {
        let parts = world.parts
        for region in world.orderedRegions { await region.start() }
        for bucket in parts.scenario.buckets { try? await world.makeBucket(bucket) }
        await world.configureAtStart()

        let nemesis = Nemesis(world: world)
        nemesis.planCrashes()
        let trouble = Task(executorPreference: parts.queue) { await nemesis.run() }
        await self.runClients(of: world, operations: parts.scenario.operationCount)
        nemesis.stop()
        nemesis.heal()
        await trouble.value
        nemesis.heal()
        for region in world.orderedRegions { await region.untilRunning() }
        if await self.isSound(world) { await self.probeIsolation(of: world) }
        if await self.isSound(world) { await self.comeToRest(world) }
        for region in world.orderedRegions { await region.stop() }
    }

    private static func isSound(_ world: World) async -> Bool { !world.ledger.hasViolation }

    private static func runClients(of world: World, operations: Int) async {
        let count = world.parts.scenario.clientCount
        await withDiscardingTaskGroup { group in
            for number in 0..<count {
                let share = operations / count + (number < operations % count ? 1 : 0)
                let client = Client(number: number, world: world)
                group.addTask { await client.run(operations: share) }
            }
        }
    }

    // MARK: Isolation

    /// How long a lane may take when its own way is well, in milliseconds: more than the longest delay of a task.
    private static let restMilliseconds: Int64 = 20 * 60_000

    /// One region is dark: all else goes on (invariants 6 and 7).
    private static func probeIsolation(of world: World) async {
        let parts = world.parts
        guard let dark = parts.dice.fork("dark").pick(parts.scenario.regions) else { return }
        parts.trace.note(9, line: "\(dark) is dark")
        for other in parts.scenario.regions where other != dark {
            parts.links.cut(from: dark, to: other)
            parts.links.cut(from: other, to: dark)
        }
        let client = Client(number: 100, world: world)
        // Without them, nothing wakes a lane that has missed its bell before.
        if parts.dice.fork("probe").chance(0.5) {
            for bucket in parts.scenario.buckets.prefix(3) { await client.request(.put, bucket) }
        }
        let deadline = parts.timeline.now + Self.restMilliseconds
        while self.openTasks(of: world, besides: dark) > 0, !world.ledger.hasViolation {
            if parts.timeline.now > deadline {
                world.ledger.report(.isolation, "\(dark) is dark, and tasks between the others do not end")
                return
            }
            await parts.timeline.pass(milliseconds: 1000)
        }
        parts.links.mendAll()
    }

    /// Tasks that neither come from the region nor go there, or stay within it.
    private static func openTasks(of world: World, besides dark: String) -> Int {
        var regionOf: [String: String] = [:]
        for bucket in world.parts.scenario.buckets { regionOf[bucket.name] = bucket.region }
        return world.ledger.read { book in
            book.buckets.values.reduce(0) { sum, bucket in
                sum
                    + (bucket.isGone
                        ? 0
                        : bucket.tasks.values.count { task in
                            // A change that waits for its version, which the dark region may have, is not stuck.
                            (bucket.region == dark) == (regionOf[task.record.destinationBucket] == dark)
                                && (task.record.isOfData
                                    || book.bucket(named: task.record.destinationBucket)?.versions[task.id] != nil)
                        })
            }
        }
    }

    // MARK: The end

    private static func comeToRest(_ world: World) async {
        let timeline = world.parts.timeline
        let deadline = timeline.now + Self.restMilliseconds
        while world.ledger.read({ $0.openTaskCount }) > 0, timeline.now < deadline, !world.ledger.hasViolation {
            await timeline.pass(milliseconds: 500)
        }
        // Requests that the network has kept to itself come now at the latest.
        await timeline.pass(milliseconds: 60_000)
        world.ledger.write { book in
            if !book.violations.isEmpty { return }
            book.checkRest()
            book.checkConvergence()
            if world.parts.scenario.isMesh { book.checkMesh() }
        }
        if world.ledger.hasViolation { return }
        self.checkCounts(of: world)
        // What sleeps now does so for longer than a lane has reason to.
        let sleepers = timeline.sleeperCount
        if sleepers > 50 * world.parts.scenario.buckets.count {
            world.ledger.report(.memory, "\(sleepers) timers run in a world at rest")
        }
        await BodyReading(world: world).check()
    }

    /// What a region says that waits is what its outbox has: nothing.
    private static func checkCounts(of world: World) {
        for region in world.orderedRegions {
            let pending = region.service?.outbox.pending ?? [:]
            for (lane, rules) in pending.sorted(by: { $0.key < $1.key }) {
                for (rule, count) in rules.sorted(by: { $0.key < $1.key }) where count != PendingCount() {
                    world.ledger.report(
                        .counts,
                        "\(region.name) counts \(count.operations) operations and \(count.bytes) bytes of \(rule) "
                            + "from \(lane), and nothing waits")
                }
            }
        }
    }
}
