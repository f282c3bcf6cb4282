import Synchronization
import TernStorage

/// Who makes a commit, as the watchers of commits need to know it.
enum Doer: Sendable, Hashable {
    /// A client's request, by its number.
    case client(Int)
    /// Everything else: replication, at either end, and housekeeping.
    case server

    /// Set by the simulated clients around their requests.
    @TaskLocal static var current: Doer = .server
}

/// Sees each commit of each region right after it has taken effect.
protocol CommitWatcher: Sendable {
    func committed(_ batch: MetadataBatch, by doer: Doer, in region: String)
}

/// The disk of one region: it outlives the processes that use it.
///
/// What was acknowledged is durable. A commit that was not is atomic all the same, as the storage contract has it (the
/// engine's log has a checksum for each batch, so that a torn write is a lost one): at a crash those that wait are kept
/// up to some point in their order, and lost from there.
final class SimulatedDisk: Sendable {
    /// How the disk behaves at the moment.
    struct Mood: Sendable {
        /// The longest that a commit takes.
        var slowness: Int64 = 3
        /// Of reads and commits that fail with an I/O error. A commit that fails may have taken effect.
        var failures = 0.0
        /// Of commits that find the disk full.
        var isFull = 0.0
    }

    enum CrashMoment: Sendable, CaseIterable {
        case beforeCommit
        /// The commit has taken effect, and its answer is lost.
        case afterCommit
    }

    private struct State {
        var life = 0
        var mood = Mood()
        var answersWithin: Int64 = 0
        var commitCount = 0
        var crashes: [Int: CrashMoment] = [:]
        var lastTicket = 0
        var waiting: [(ticket: Int, batch: MetadataBatch, doer: Doer)] = []
    }

    let region: String
    let store = MemoryMetadataStore()
    let blobs: MemoryBlobStore
    let timeline: Timeline
    private let dice: Dice
    private let trace: Trace
    private let watcher: any CommitWatcher
    private let state = Mutex(State())
    /// Called where a commit is the one to crash at.
    private let crash = Mutex<(@Sendable () async -> Void)?>(nil)

    init(region: String, timeline: Timeline, dice: Dice, trace: Trace, watcher: any CommitWatcher) {
        self.region = region
        self.timeline = timeline
        self.dice = dice
        self.trace = trace
        self.watcher = watcher
        self.blobs = MemoryBlobStore(seed: dice.next())
    }

    var life: Int { self.state.withLock { $0.life } }
    var commitCount: Int { self.state.withLock { $0.commitCount } }
    func set(_ mood: Mood) { self.state.withLock { $0.mood = mood } }
    /// Commits that have taken effect are answered so late, at most, from now on.
    func answerWithin(milliseconds: Int64) { self.state.withLock { $0.answersWithin = milliseconds } }
    func planCrashes(_ crashes: [Int: CrashMoment]) { self.state.withLock { $0.crashes = crashes } }
    func onCrash(_ body: @escaping @Sendable () async -> Void) { self.crash.withLock { $0 = body } }

    /// The process that used the disk is gone; what it had asked for and not been told of is kept or lost.
    func cutOff() async {
        let (waiting, kept) = self.state.withLock { state in
            let waiting = state.waiting
            state.life += 1
            state.waiting = []
            return (waiting, self.dice.below(waiting.count + 1))
        }
        for entry in waiting.prefix(kept) { _ = await self.apply(entry.batch, by: entry.doer) }
        self.blobs.settle()
    }

    // MARK: What a mounted store asks

    /// What a read comes to.
    func read(life: Int) async throws(StorageError) {
        let mood = try self.check(life)
        // Mostly from a cache, in place.
        switch self.dice.below(16) {
        case 0: await self.timeline.pass(milliseconds: Int64(self.dice.below(Int(mood.slowness) + 1)))
        case 1...3: await Task.yield()
        default: break
        }
        if self.dice.chance(mood.failures) { throw StorageError(.io, "simulated: the disk cannot be read") }
        _ = try self.check(life)
    }

    func commit(_ batch: MetadataBatch, by doer: Doer, life: Int) async throws(StorageError) {
        let mood = try self.check(life)
        if self.dice.chance(mood.isFull) { throw StorageError(.noSpace, "simulated: the disk is full") }
        let (ticket, moment) = self.state.withLock { state in
            state.lastTicket += 1
            state.commitCount += 1
            state.waiting.append((state.lastTicket, batch, doer))
            return (state.lastTicket, state.crashes.removeValue(forKey: state.commitCount))
        }
        let delay = Int64(self.dice.below(Int(mood.slowness) + 1))
        if delay > 0 { await self.timeline.pass(milliseconds: delay) } else { await Task.yield() }
        if case .beforeCommit = moment { await self.crash.withLock { $0 }?() }
        let isAlive = self.state.withLock { state in
            state.waiting.removeAll { $0.ticket == ticket }
            return state.life == life
        }
        guard isAlive else { throw Self.gone }
        if let error = await self.apply(batch, by: doer) { throw error }
        if case .afterCommit = moment { await self.crash.withLock { $0 }?() }
        if self.dice.below(4) == 0 { await self.timeline.pass(milliseconds: Int64(self.dice.below(3))) }
        let lateness = self.state.withLock { $0.answersWithin }
        if lateness > 0 { await self.timeline.pass(milliseconds: Int64(self.dice.below(Int(lateness)))) }
        _ = try self.check(life)
        if self.dice.chance(mood.failures) { throw StorageError(.io, "simulated: no answer from the disk") }
    }

    private func apply(_ batch: MetadataBatch, by doer: Doer) async -> StorageError? {
        do throws(StorageError) {
            try await self.store.commit(batch)
        } catch {
            return error
        }
        self.trace.note(
            1, UInt64(batch.writes.count), line: "\(self.region) commits for \(doer): \(RowText.text(of: batch))")
        self.watcher.committed(batch, by: doer, in: self.region)
        return nil
    }

    func check(_ life: Int) throws(StorageError) -> Mood {
        let (now, mood) = self.state.withLock { ($0.life, $0.mood) }
        guard now == life else { throw Self.gone }
        return mood
    }

    static let gone = StorageError(.closed, "simulated: the process is gone")
}
