import NIOCore
import Synchronization
package import TernCore
package import TernObjects
package import TernPorts
import TernRecords

/// This region's copy of the home region's directory, and how new it is.
package final class DirectoryCopy: DirectoryFreshness {
    private struct State {
        var service: ObjectService?
        /// The sequence up to which every change is applied, and known to those who keep rows in memory.
        var toldThrough: UInt64 = 0
        /// When the last pull began that left nothing behind.
        var completeAsOf: Timestamp?
        var startedCatchUps: UInt64 = 0
        var finishedCatchUps: UInt64 = 0
        var wasLastComplete = false
        var isCopyingAnew = false
        /// Rows that were copied anew, and of which those who keep them have not been told.
        var untold: Set<[UInt8]> = []
        var catchUp: Task<Void, Never>?
    }

    private let client: PeerClient
    private let wall: any WallClock
    private let state = Mutex(State())

    /// The home region answers at once or is away.
    private static let catchUpTimeout = Duration.seconds(5)
    /// How many answers a copy may be behind for ``catchUp()``.
    private static let catchUpAnswers = 20

    package init(client: PeerClient, wall: any WallClock) {
        self.client = client
        self.wall = wall
    }

    /// Hands over the service whose directory is the copy. Whoever keeps rows in memory has read them before.
    package func connect(to service: ObjectService) async throws {
        let last = try await service.directory.lastSequence()
        self.state.withLock { state in
            state.service = service
            state.toldThrough = last
        }
    }

    /// Asks the home region for changes once, and applies them.
    ///
    /// - Parameter waitMilliseconds: How long the home region may wait for one.
    package func pull(waitMilliseconds: Int64) async throws {
        _ = try await self.pull(waitMilliseconds: waitMilliseconds, timeout: nil)
    }

    /// - Returns: Whether nothing is left behind.
    private func pull(waitMilliseconds: Int64, timeout: Duration?) async throws -> Bool {
        let (connected, after) = self.state.withLock { ($0.service, $0.toldThrough) }
        guard let service = connected else { throw DirectoryCopyError("the region is not open yet") }
        let start = self.wall.now
        var answer = try await self.client.sendExpectingOK(
            .changes, query: "after=\(after)&wait=\(waitMilliseconds)", to: self.client.federation.home,
            timeout: timeout)
        if answer.headers[PeerPath.shortenedHeader] != nil {
            try await self.copyAnew(into: service)
            return false
        }
        guard let latest = answer.headers[PeerPath.sequenceHeader].flatMap({ UInt64($0) }) else {
            throw DirectoryCopyError("the home region does not say how far its log goes")
        }
        let changes = try Frames.decode(&answer.body, as: DirectoryChange.self)
        try await service.directory.apply(changes)
        for change in changes where change.hasRecord { service.registry.refresh(change.record.name) }
        guard await service.controlChanges.tell(changes.flatMap { $0.controlWrites.map { Array($0.key) } }) else {
            throw DirectoryCopyError("changes of the control plane are stored, and cannot be read")
        }
        let through = max(after, changes.last?.sequence ?? 0)
        return self.state.withLock { state in
            state.toldThrough = max(state.toldThrough, through)
            guard through >= latest else { return false }
            state.completeAsOf = max(state.completeAsOf ?? start, start)
            return true
        }
    }

    // MARK: A copy that is further behind than the log goes back

    private func copyAnew(into service: ObjectService) async throws {
        let isFirst = self.state.withLock { state in
            defer { state.isCopyingAnew = true }
            return !state.isCopyingAnew
        }
        guard isFirst else { throw DirectoryCopyError("the directory is being copied anew") }
        defer { self.state.withLock { $0.isCopyingAnew = false } }
        let sequence = try await service.directory.lastSequence()
        var after: [UInt8]?
        var through: UInt64?
        var isLast = false
        while !isLast {
            var answer = try await self.client.sendExpectingOK(
                .snapshot, query: after.map { "after=\($0.lowercaseHex)" } ?? "",
                to: self.client.federation.home)
            guard let latest = answer.headers[PeerPath.sequenceHeader].flatMap({ UInt64($0) }) else {
                throw DirectoryCopyError("the home region does not say how far its log goes")
            }
            through = through ?? latest
            isLast = answer.headers[PeerPath.lastPageHeader] != nil
            let page = DirectoryStore.SnapshotPage(
                rows: try Frames.decode(&answer.body, as: DirectoryRow.self), isLast: isLast)
            guard isLast || !page.rows.isEmpty else {
                throw DirectoryCopyError("the home region gives a page without rows")
            }
            guard let changes = try await service.directory.take(page, after: after, sequence: sequence) else {
                throw DirectoryCopyError("the directory changed while it was copied anew")
            }
            for name in changes.names { service.registry.refresh(name) }
            self.state.withLock { $0.untold.formUnion(changes.controlKeys) }
            after = page.rows.last.map { Array($0.key) }
        }
        let end = through ?? sequence
        guard try await service.directory.endSnapshot(at: end, sequence: sequence) else {
            throw DirectoryCopyError("the directory changed while it was copied anew")
        }
        try await self.tellOfCopy(through: end, service)
    }

    private func tellOfCopy(through end: UInt64, _ service: ObjectService) async throws {
        let keys = self.state.withLock { $0.untold }
        guard await service.controlChanges.tell(Array(keys)) else {
            throw DirectoryCopyError("rows of the control plane are copied, and cannot be read")
        }
        self.state.withLock { state in
            state.untold.subtract(keys)
            state.toldThrough = max(state.toldThrough, end)
        }
    }

    // MARK: DirectoryFreshness

    package func isCurrent(asOf time: Timestamp) -> Bool {
        self.state.withLock { state in
            guard let complete = state.completeAsOf else { return false }
            // In the same millisecond it may have been before.
            return complete > time
        }
    }

    package func catchUp() async -> Bool {
        // One that runs already may have asked too early.
        let needed = self.state.withLock { $0.startedCatchUps + 1 }
        while true {
            let (finished, isComplete, running) = self.state.withLock { state in
                if state.finishedCatchUps < needed, state.catchUp == nil {
                    state.startedCatchUps += 1
                    state.catchUp = Task { await self.runCatchUp() }
                }
                return (state.finishedCatchUps >= needed, state.wasLastComplete, state.catchUp)
            }
            if finished { return isComplete }
            await running?.value
        }
    }

    private func runCatchUp() async {
        let isComplete: Bool
        do {
            isComplete = try await self.pullAll()
        } catch {
            // The follower logs why the home region cannot be asked.
            isComplete = false
        }
        self.state.withLock { state in
            state.finishedCatchUps += 1
            state.wasLastComplete = isComplete
            state.catchUp = nil
        }
    }

    private func pullAll() async throws -> Bool {
        for _ in 0..<Self.catchUpAnswers
        where try await self.pull(waitMilliseconds: 0, timeout: Self.catchUpTimeout) {
            return true
        }
        return false
    }
}

/// The copy could not be brought up to the home region's directory.
package struct DirectoryCopyError: Error, CustomStringConvertible {
    package var description: String

    init(_ description: String) {
        self.description = description
    }
}
