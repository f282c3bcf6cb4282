import Synchronization
package import TernCore
package import TernPorts
package import TernReplication
package import TernS3Protocol
package import TernStorage

/// What a zone is ahead of UTC at a moment, in seconds; `nil` for a zone that is not known.
package typealias ZoneOffset = @Sendable (_ zone: String, _ time: Timestamp) -> Int?

/// The pauses and bandwidth limits of replication from this region: durable, and in force as soon as they are set.
package final class FlowControl: Sendable {
    /// A limit, and where it comes from.
    package struct Limit: Sendable, Hashable {
        package var destination: FlowDestination
        package var limit: BandwidthLimit
        /// Whether it stands in the configuration, and not in a row.
        package var isDefault: Bool
        /// Bytes a second at this moment; `nil` for no limit.
        package var current: Int64?
    }

    private struct State {
        var pauses: [ReplicationPause.ID: ReplicationPause] = [:]
        var limits: [FlowDestination: BandwidthLimit] = [:]
        var gates: [FlowDestination: BandwidthGate] = [:]
        var listener: (@Sendable () -> Void)?
    }

    private let store: FlowStore
    private let wall: any WallClock
    private let defaults: [FlowDestination: BandwidthLimit]
    private let zoneOffset: ZoneOffset
    private let state = Mutex(State())
    private let turns = BucketTurns()
    private let changes = Atomic<UInt64>(1)
    private let isLimiting = Atomic<Bool>(false)

    /// - Parameters:
    ///   - defaults: The limits of the configuration, in force where no other is set.
    ///   - zoneOffset: Knows the time zones.
    package init(
        metadata: any MetadataStore, wall: any WallClock, defaults: [FlowDestination: BandwidthLimit] = [:],
        zoneOffset: @escaping ZoneOffset = { zone, _ in zone == BandwidthLimit.utc ? 0 : nil }
    ) {
        self.store = FlowStore(metadata: metadata)
        self.wall = wall
        self.defaults = defaults
        self.zoneOffset = zoneOffset
    }

    /// Reads what was set. Once, before replication starts.
    ///
    /// - Parameter exists: Whether a bucket is still there; what was said of others is removed.
    package func load(exists: (UInt64) -> Bool = { _ in true }) async throws(S3Error) {
        let now = self.wall.now
        let pauses = try await self.store.pauses()
        let limits = try await self.store.limits()
        let useless = pauses.filter { $0.isOver(at: now) || !exists($0.id.sourceBucketID) }.map(\.id)
        try await self.store.remove(useless)
        self.state.withLock { state in
            state.pauses = [:]
            for pause in pauses where !useless.contains(pause.id) { state.pauses[pause.id] = pause }
            state.limits = limits
            self.applyLimits(&state)
        }
        self.changed()
    }

    /// Calls `listener` after every change.
    package func listen(_ listener: @escaping @Sendable () -> Void) {
        self.state.withLock { $0.listener = listener }
    }

    /// Grows with every change: whoever has seen this number knows everything.
    package var changeCount: UInt64 { self.changes.load(ordering: .acquiring) }

    // MARK: Pauses

    package func pause(_ pause: ReplicationPause) async throws(S3Error) {
        try await self.turns.take("") { () throws(S3Error) in
            try await self.store.put(pause)
            self.state.withLock { $0.pauses[pause.id] = pause }
        }
        self.changed()
    }

    /// Ends pauses; returns how many of them were in force.
    package func resume(_ isMeant: @Sendable (ReplicationPause) -> Bool) async throws(S3Error) -> Int {
        let now = self.wall.now
        let count = try await self.turns.take("") { () throws(S3Error) -> Int in
            let meant = self.state.withLock { $0.pauses.values.filter { isMeant($0) || $0.isOver(at: now) } }
            try await self.store.remove(meant.map(\.id))
            self.state.withLock { state in
                for pause in meant { state.pauses[pause.id] = nil }
            }
            return meant.count { !$0.isOver(at: now) }
        }
        self.changed()
        return count
    }

    /// Those in force.
    package var pauses: [ReplicationPause] {
        let now = self.wall.now
        return self.state.withLock { $0.pauses.values.filter { !$0.isOver(at: now) } }
            .sorted {
                ($0.sourceBucket, $0.id.destinationBucket, $0.id.ruleID)
                    < ($1.sourceBucket, $1.id.destinationBucket, $1.id.ruleID)
            }
    }

    /// What of a lane rests at this moment.
    package func pause(of lane: LaneID, at now: Timestamp) -> LanePause {
        self.state.withLock { state in
            var result = LanePause.none
            for pause in state.pauses.values
            where pause.id.sourceBucketID == lane.sourceBucketID && !pause.isOver(at: now)
                && (pause.id.destinationBucket.isEmpty || pause.id.destinationBucket == lane.destinationBucket)
            {
                result.add(pause)
            }
            return result
        }
    }

    /// The pause that a rule's tasks of a lane rest by, the longest of several; `nil` where they go.
    package func pause(of lane: LaneID, ruleID: String) -> ReplicationPause? {
        let pauses = self.pauses.filter {
            $0.id.sourceBucketID == lane.sourceBucketID
                && ($0.id.destinationBucket.isEmpty || $0.id.destinationBucket == lane.destinationBucket)
                && ($0.id.ruleID.isEmpty || $0.id.ruleID == ruleID)
        }
        return pauses.max { ($0.until?.milliseconds ?? .max) < ($1.until?.milliseconds ?? .max) }
    }

    // MARK: Limits

    /// - Parameter limit: `nil` leaves it to the configuration.
    /// - Throws: `InvalidRequest` for a zone that is not known, or numbers out of their bounds.
    package func setLimit(_ limit: BandwidthLimit?, of destination: FlowDestination) async throws(S3Error) {
        if let limit {
            guard limit.isValid else { throw .invalidRequest("the limit is out of its bounds") }
            guard self.zoneOffset(limit.zone, self.wall.now) != nil else {
                throw .invalidRequest("the time zone \(limit.zone) is not known")
            }
        }
        try await self.turns.take("") { () throws(S3Error) in
            try await self.store.set(limit, of: destination)
            self.state.withLock { state in
                state.limits[destination] = limit
                self.applyLimits(&state)
            }
        }
        self.changed()
    }

    /// All limits, of the configuration too.
    package var limits: [Limit] {
        let now = self.wall.now
        let stored = self.state.withLock { $0.limits }
        return self.defaults.merging(stored) { $1 }
            .map { destination, limit in
                Limit(
                    destination: destination, limit: limit, isDefault: stored[destination] == nil,
                    current: limit.rate(at: now, offset: self.zoneOffset(limit.zone, now) ?? 0).bytesPerSecond)
            }
            .sorted { "\($0.destination)" < "\($1.destination)" }
    }

    /// What a request to a bucket in a region has to pass; usually nothing.
    package func gates(bucket: String, region: RegionName) -> [BandwidthGate] {
        guard self.isLimiting.load(ordering: .relaxed) else { return [] }
        return self.state.withLock { state in
            [FlowDestination.bucket(bucket), .region(region.description)].compactMap { state.gates[$0] }
        }
    }

    /// Bytes a second that may go to a bucket in a region now; `nil` for no limit.
    package func limit(ofBucket bucket: String, region: RegionName) -> Int64? {
        self.gates(bucket: bucket, region: region).compactMap(\.rate).min()
    }

    private func applyLimits(_ state: inout State) {
        let limits = self.defaults.merging(state.limits) { $1 }
        // Gates stay for those who wait at them, and let everything pass without a limit.
        for (destination, gate) in state.gates where limits[destination] == nil { gate.set(nil) }
        for (destination, limit) in limits {
            let gate = state.gates[destination] ?? BandwidthGate(wall: self.wall, zoneOffset: self.zoneOffset)
            state.gates[destination] = gate
            gate.set(limit)
        }
        self.isLimiting.store(!limits.isEmpty, ordering: .relaxed)
    }

    private func changed() {
        self.changes.add(1, ordering: .releasing)
        self.state.withLock { $0.listener }?()
    }
}
