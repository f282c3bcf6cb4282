import Logging
import TernCore
package import TernRecords
import TernReplication
import TernS3Protocol

/// Compares the versions of a source bucket that rules admitted for one destination with their replicas there.
///
/// The source cuts its versions into ranges of ``Options/versionsPerRange`` and these into blocks. It asks for one digest
/// of a block; where that differs, for those of the block's ranges; and for the versions of the ranges that differ. So
/// what is alike costs a few hundred bytes for tens of thousands of versions. Each side holds a page in memory, and the
/// source the bounds of one block.
///
/// A step does a part of the work, so that its caller decides about speed, and can break off between steps.
package struct BucketVerification: Sendable {
    package struct Options: Sendable {
        /// Versions in the smallest range that has a digest.
        package var versionsPerRange = 256
        package var rangesPerBlock = 256
        /// Versions of the source that one step looks at.
        package var versionsPerStep = 4096
        /// Whether what is missing or behind is queued for replication again.
        package var repairs = false
        /// `nil` for all rules that lead to the destination.
        package var ruleID: String?

        package init() {}
    }

    enum Phase: Sendable {
        case beginning
        case scanning
        /// What is left of the ranges that are compared version by version.
        case comparing(ArraySlice<VersionRange>)
        /// Looks for tasks of what is PENDING.
        case checkingTasks
        case done
    }

    package let lane: LaneID
    let service: ObjectService
    let peer: any VerificationPeer
    let options: Options
    let pause: VerificationPause
    var phase = Phase.beginning
    var place: RegionName?
    var takesACL = true
    var block: VerificationBlock
    var isAtEnd = false
    /// Replicas whose attributes were changed here: they are looked up one by one.
    var changedReplicas: [AdmittedVersion] = []
    /// PENDING versions, whose tasks must be somewhere.
    var pending: Set<VersionPlace> = []

    /// All up to here is compared.
    package internal(set) var checkpoint: VersionPlace?
    /// The last version of the source that was looked at.
    package internal(set) var position: VersionPlace?
    package internal(set) var counts: VerificationCounts
    package internal(set) var requeued = 0
    package internal(set) var requests = 0
    package internal(set) var wireBytes = 0

    /// More PENDING versions than these are not looked for among the tasks.
    static let maximumPending = 10_000

    /// - Parameters:
    ///   - checkpoint: Goes on behind it.
    ///   - counts: What was counted up to there.
    ///   - pause: Called between pages of the source.
    package init(
        lane: LaneID, service: ObjectService, peer: any VerificationPeer, options: Options = Options(),
        checkpoint: VersionPlace? = nil, counts: VerificationCounts = VerificationCounts(),
        pause: @escaping VerificationPause = { true }
    ) {
        self.lane = lane
        self.service = service
        self.peer = peer
        self.options = options
        self.checkpoint = checkpoint
        self.position = checkpoint
        self.counts = counts
        self.pause = pause
        self.block = VerificationBlock(after: checkpoint)
    }

    package var isDone: Bool {
        if case .done = self.phase { true } else { false }
    }

    /// Does the next part of the work, and returns what it found.
    package mutating func step() async throws(VerificationError) -> [VerificationFinding] {
        do {
            return try await self.work()
        } catch let error as VerificationError {
            throw error
        } catch let error as S3Error {
            throw VerificationError(.storage, "the source cannot be read: \(error.message)")
        } catch {
            throw VerificationError(.peer, "\(error)")
        }
    }

    private mutating func work() async throws -> [VerificationFinding] {
        guard let bucket = try await self.service.sourceBucket(of: self.lane) else {
            throw VerificationError(.sourceGone, "the bucket \(self.lane.sourceBucket) is gone")
        }
        switch self.phase {
        case .beginning:
            try await self.findDestination()
            self.phase = .scanning
            return []
        case .scanning:
            try await self.scan(bucket)
            if Task.isCancelled { throw VerificationError(.cancelled, "the comparison was broken off") }
            let findings = try await self.lookUpChangedReplicas(bucket)
            if self.isAtEnd || self.block.ranges.count >= self.options.rangesPerBlock {
                self.phase = .comparing(try await self.rangesThatDiffer()[...])
            }
            return findings
        case .comparing(var ranges):
            guard let range = ranges.popFirst() else {
                self.checkpoint = self.isAtEnd ? self.position : self.block.end
                self.block = VerificationBlock(after: self.checkpoint)
                self.phase = self.isAtEnd ? .checkingTasks : .scanning
                return []
            }
            let (findings, rest) = try await self.compare(range, in: bucket)
            if let rest { ranges = [rest] + ranges }
            self.phase = .comparing(ranges)
            return findings
        case .checkingTasks:
            let findings = try await self.pendingWithoutTask(bucket)
            self.phase = .done
            return findings
        case .done:
            return []
        }
    }

    // MARK: The source

    private mutating func scan(_ bucket: BucketState) async throws(S3Error) {
        var scan = VerificationScan(
            service: self.service, bucket: bucket, range: VersionRange(after: self.position),
            limit: self.options.versionsPerStep, pause: self.pause)
        while self.block.ranges.count < self.options.rangesPerBlock {
            guard let version = try await scan.next() else {
                if scan.endedEarly { return }
                self.isAtEnd = true
                self.block.closeLastRange(through: nil)
                return
            }
            self.position = version.place
            guard let admitted = AdmittedVersion(version, to: self.lane.destinationBucket) else { continue }
            if self.options.ruleID == nil || self.options.ruleID == admitted.state.ruleID { self.counts.versions += 1 }
            if version.record.isReplica {
                self.changedReplicas.append(admitted)
                if self.changedReplicas.count >= VerificationLimits.places { return }
            } else {
                self.block.add(
                    admitted.fingerprint(takesACL: self.takesACL), at: admitted.place,
                    isUnsettled: admitted.isUnsettled, versionsPerRange: self.options.versionsPerRange)
            }
        }
    }

    private mutating func lookUpChangedReplicas(_ bucket: BucketState) async throws -> [VerificationFinding] {
        let versions = self.changedReplicas
        guard !versions.isEmpty else { return [] }
        self.changedReplicas = []
        return try await self.lookUp(versions, in: bucket)
    }
}
