import Logging
import Synchronization
import TernCore
import TernObjects
import TernPorts
import TernReplicationWorkers
import TernS3Protocol
import TernStorage

/// One region: a disk and a clock that stay, and processes that come and go over them.
final class SimulatedRegion: Sendable {
    struct Process: Sendable {
        var service: ObjectService
        var work: Task<Void, Never>
    }

    private struct State {
        var process: Process?
        var restarts: [Task<Void, Never>] = []
        var isStopped = false
    }

    let name: String
    let disk: SimulatedDisk
    let clock: RegionClock
    let keys: SimulatedKeys
    let receivers: Receivers
    private let world: WorldParts
    private let dice: Dice
    private let options: ReplicationOptions
    private let state = Mutex(State())

    init(name: String, world: WorldParts, receivers: Receivers, keys: SimulatedKeys, watcher: any CommitWatcher) {
        self.name = name
        self.world = world
        self.receivers = receivers
        self.keys = keys
        self.dice = world.dice.fork(name)
        self.disk = SimulatedDisk(
            region: name, timeline: world.timeline, dice: self.dice.fork("disk"), trace: world.trace, watcher: watcher)
        let skew = world.scenario.hasClockTrouble ? Int64(self.dice.below(20_000)) - 10_000 : 0
        self.clock = RegionClock(timeline: world.timeline, skewMilliseconds: skew)
        self.options = Self.options(self.dice)
    }

    /// Now and then so small that every bound is reached.
    private static func options(_ dice: Dice) -> ReplicationOptions {
        var options = ReplicationOptions()
        options.smallBodyBytes = 1024
        options.segmentBytes = 700
        options.longestWaitForVersion = .seconds(600)
        options.itemsPerRequest = dice.pick([1, 3, 128]) ?? 128
        options.requestsInFlight = dice.chance(0.5) ? 1...1 : 1...8
        options.heldTasks = dice.pick([3, 16, 2048]) ?? 2048
        options.pageTasks = dice.pick([2, 8, 256]) ?? 256
        options.settlementsPerCommit = dice.pick([1, 4, 512]) ?? 512
        return options
    }

    /// The service of the process that runs now; `nil` while there is none.
    var service: ObjectService? { self.state.withLock { $0.process?.service } }

    /// Starts a process, as often as the disk makes it fail.
    func start() async {
        while !self.state.withLock({ $0.isStopped }) {
            let service = self.makeService()
            do throws(S3Error) {
                try await service.outbox.rebuild(from: service.registry)
                self.run(service)
                return
            } catch {
                await self.world.timeline.pass(milliseconds: 500)
            }
        }
    }

    private func makeService() -> ObjectService {
        var options = ObjectService.Options()
        options.inlineThresholdBytes = 256
        options.minimumPartBytes = 100
        let scenario = self.world.scenario
        let encryption = EncryptionKeys(
            rootKey: scenario.hasEncryption ? SimulatedRootKey() : nil,
            keyService: scenario.hasEncryption ? self.keys : nil,
            rolePrincipal: { SimulatedAccess.principal($0) })
        return ObjectService(
            region: RegionName(trusted: self.name), metadata: MountedStore(self.disk), blobs: MountedBlobs(self.disk),
            wall: self.clock, random: self.dice, options: options, encryption: encryption,
            permissions: ReplicationPermissions(
                roles: self.world.access, authorizer: self.world.access, freshness: HomeDirectoryFreshness()),
            logger: self.world.logger)
    }

    private func run(_ service: ObjectService) {
        let network = SimulatedNetwork(
            from: self.name, links: self.world.links, timeline: self.world.timeline, queue: self.world.queue,
            dice: self.dice.fork("network"), trace: self.world.trace, receivers: self.receivers)
        let runtime = ReplicationRuntime(
            service: service, transport: network, wall: self.clock, random: self.dice, options: self.options,
            logger: self.world.logger)
        let work = Task(executorPreference: self.world.queue) { await runtime.run() }
        self.state.withLock { $0.process = Process(service: service, work: work) }
        self.receivers.set(service, of: self.name)
        self.world.trace.note(4, line: "\(self.name) starts")
    }

    /// Ends the process at once; another starts after a while.
    func crash() async {
        let (process, isFirst) = self.state.withLock { state in
            let process = state.process
            state.process = nil
            return (process, process != nil && !state.isStopped)
        }
        guard isFirst, let process else { return }
        self.receivers.set(nil, of: self.name)
        self.world.trace.note(5, line: "\(self.name) crashes")
        process.work.cancel()
        await self.disk.cutOff()
        let downtime = Int64(self.dice.below(20_000))
        // It may have been a client's commit that it crashed at.
        let restart = Task(executorPreference: self.world.queue) {
            await Doer.$current.withValue(.server) {
                await self.world.timeline.pass(milliseconds: downtime)
                await self.start()
            }
        }
        self.state.withLock { $0.restarts.append(restart) }
    }

    /// Returns when a process runs again.
    func untilRunning() async {
        while let restart = self.state.withLock({ $0.restarts.popLast() }) { await restart.value }
    }

    /// Ends the process for good.
    func stop() async {
        let process = self.state.withLock { state in
            state.isStopped = true
            return state.process
        }
        process?.work.cancel()
        await process?.work.value
    }
}
