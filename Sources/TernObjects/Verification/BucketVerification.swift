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

    private enum Phase: Sendable {
        case beginning
        case scanning
        /// What is left of the ranges that are compared version by version.
        case comparing(ArraySlice<VersionRange>)
        /// Looks for tasks of what is PENDING.
        case checkingTasks
        case done
    }

    package let lane: LaneID
    private let service: ObjectService
    private let peer: any VerificationPeer
    private let options: Options
    private let pause: VerificationPause
    private var phase = Phase.beginning
    private var place: RegionName?
    private var takesACL = true
    private var block: VerificationBlock
    private var isAtEnd = false
    /// Replicas whose attributes were changed here: they are looked up one by one.
    private var changedReplicas: [AdmittedVersion] = []
    /// PENDING versions, whose tasks must be somewhere.
    private var pending: Set<VersionPlace> = []

    /// All up to here is compared.
    package private(set) var checkpoint: VersionPlace?
    /// The last version of the source that was looked at.
    package private(set) var position: VersionPlace?
    package private(set) var counts: VerificationCounts
    package private(set) var requeued = 0
    package private(set) var requests = 0
    package private(set) var wireBytes = 0

    /// More PENDING versions than these are not looked for among the tasks.
    private static let maximumPending = 10_000

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

    // MARK: The destination

    private mutating func findDestination() async throws {
        do throws(S3Error) {
            switch try await self.service.registry.locate(self.lane.destinationBucket) {
            case .here: self.place = nil
            case .elsewhere(let record): self.place = RegionName(trusted: record.region)
            }
        } catch  where error.code == "NoSuchBucket" {
            throw Self.destinationGone(self.lane)
        }
        self.takesACL = try await self.ask(.facts) { _ in }.takesAcl
    }

    private static func destinationGone(_ lane: LaneID) -> VerificationError {
        VerificationError(.destinationGone, "the destination bucket \(lane.destinationBucket) does not exist")
    }

    private mutating func ask(
        _ kind: VerificationQuery.Kind, _ fill: (inout VerificationQuery) -> Void
    ) async throws -> VerificationAnswer {
        var query = VerificationQuery()
        query.kind = kind
        query.sourceBucket = self.lane.sourceBucket
        query.destinationBucket = self.lane.destinationBucket
        query.sourceOrigin = self.service.region.tag
        fill(&query)
        let answer: VerificationAnswer
        if let place {
            do throws(TransportError) {
                let reply = try await self.peer.ask(query, of: place)
                answer = reply.answer
                self.requests += 1
                self.wireBytes += reply.wireBytes
            } catch {
                throw VerificationError(.peer, error.message)
            }
        } else {
            answer = try await self.service.answer(query, pause: self.pause)
        }
        if answer.isBucketGone { throw Self.destinationGone(self.lane) }
        return answer
    }

    /// The destination's digests of ranges that follow each other.
    private mutating func digests(after: VersionPlace?, bounds: [VersionPlace?]) async throws -> [RangeDigest] {
        var digests = [RangeDigest](repeating: RangeDigest(), count: bounds.count)
        var first = 0
        var after = after
        while true {
            let asked = bounds[first...]
            let answer = try await self.ask(.digests) { query in
                if let after { query.after = after.record }
                query.bounds = asked.compactMap { $0?.record }
                query.isOpen = asked.last == .some(nil)
            }
            guard answer.digests.count <= asked.count else { throw Self.nonsense }
            for (index, digest) in answer.digests.enumerated() { digests[first + index].add(RangeDigest(digest)) }
            guard answer.hasReached else { return digests }
            let reached = answer.reached.place
            guard !answer.digests.isEmpty, after.map({ $0 < reached }) ?? true else { throw Self.nonsense }
            after = reached
            first += answer.digests.count - 1
        }
    }

    private static let nonsense = VerificationError(.peer, "the destination's answer makes no sense")

    /// The ranges of the block that have to be looked at version by version.
    private mutating func rangesThatDiffer() async throws -> [VersionRange] {
        let block = self.block
        guard let last = block.ranges.last else { return [] }
        let whole = try await self.digests(after: block.after, bounds: [last.through])
        if whole == [block.digest] {
            return block.ranges.indices.filter { block.ranges[$0].isUnsettled }.map(block.range)
        }
        if block.ranges.count == 1 { return [block.range(0)] }
        let digests = try await self.digests(after: block.after, bounds: block.ranges.map(\.through))
        return block.ranges.indices.filter { block.ranges[$0].isUnsettled || block.ranges[$0].digest != digests[$0] }
            .map(block.range)
    }

    // MARK: Version by version

    /// Compares the beginning of a range, as far as one page of either side goes; returns what is left of it.
    private mutating func compare(
        _ range: VersionRange, in bucket: BucketState
    ) async throws -> ([VerificationFinding], rest: VersionRange?) {
        // The source first: what it counts as delivered must then be there.
        var ours: [VersionPlace: AdmittedVersion] = [:]
        var scan = VerificationScan(
            service: self.service, bucket: bucket, range: range, limit: VerificationLimits.places, pause: self.pause)
        while ours.count < VerificationLimits.places, let version = try await scan.next() {
            guard !version.record.isReplica, let admitted = AdmittedVersion(version, to: self.lane.destinationBucket)
            else { continue }
            ours[admitted.place] = admitted
        }
        if Task.isCancelled { throw VerificationError(.cancelled, "the comparison was broken off") }
        var asked = range
        if scan.endedEarly || ours.count == VerificationLimits.places { asked.through = scan.position }

        let answer = try await self.ask(.versions) { query in
            if let after = asked.after { query.after = after.record }
            if let through = asked.through { query.bounds = [through.record] } else { query.isOpen = true }
        }
        let end = answer.hasReached ? answer.reached.place : asked.through
        if let end, let after = asked.after, end <= after { throw Self.nonsense }
        if let end { ours = ours.filter { $0.key <= end } }
        var findings: [VerificationFinding] = []
        var extra: [VersionPlace] = []
        for replica in answer.versions {
            let place = replica.place.place
            guard let admitted = ours[place] else {
                extra.append(place)
                continue
            }
            let fingerprint = VersionFingerprint(high: replica.high, low: replica.low)
            if admitted.fingerprint(takesACL: answer.takesAcl) == fingerprint {
                ours.removeValue(forKey: place)
                if let finding = admitted.findingOfEqual { findings.append(finding) }
            }
        }
        findings = self.count(findings)
        findings += try await self.lookUp(ours.values.sorted { $0.place < $1.place }, in: bucket)
        findings += self.count(try await self.extras(extra, in: bucket))
        if end == range.through { return (findings, nil) }
        return (findings, VersionRange(after: end, through: range.through))
    }

    /// Asks for what the destination knows of certain versions, and compares.
    private mutating func lookUp(
        _ versions: [AdmittedVersion], in bucket: BucketState
    ) async throws -> [VerificationFinding] {
        guard !versions.isEmpty else { return [] }
        let answer = try await self.ask(.lookup) { $0.versions = versions.map(\.place.record) }
        guard answer.versions.count == versions.count else { throw Self.nonsense }
        var findings: [VerificationFinding] = []
        for (version, replica) in zip(versions, answer.versions) {
            guard replica.place.place == version.place else { throw Self.nonsense }
            guard let finding = version.finding(comparedWith: replica, takesACL: answer.takesAcl) else { continue }
            findings.append(finding)
        }
        findings = self.count(findings)
        return try await self.repair(findings, in: bucket)
    }

    /// Of replicas that the source did not list: those that it does not have now either.
    private func extras(_ places: [VersionPlace], in bucket: BucketState) async throws -> [VerificationFinding] {
        if self.options.ruleID != nil { return [] }
        var findings: [VerificationFinding] = []
        for place in places {
            let known = try await self.service.version(identity: place.version, of: place.key, in: bucket)
            if let known,
                known.record.destinations.contains(where: { $0.destinationBucket == self.lane.destinationBucket })
            {
                continue
            }
            findings.append(VerificationFinding(.extra, at: place))
        }
        return findings
    }

    /// Counts what concerns the rule that is asked about, and drops the rest.
    private mutating func count(_ findings: [VerificationFinding]) -> [VerificationFinding] {
        let findings = findings.filter { self.options.ruleID == nil || $0.ruleID == self.options.ruleID }
        for finding in findings {
            self.counts.add(finding.kind)
            if finding.kind == .pending, self.pending.count < Self.maximumPending { self.pending.insert(finding.place) }
        }
        return findings
    }

    // MARK: Tasks

    /// PENDING versions that no task is about.
    private mutating func pendingWithoutTask(_ bucket: BucketState) async throws -> [VerificationFinding] {
        var suspects: [VersionPlace: AdmittedVersion] = [:]
        for place in try await self.withoutTask(self.pending) {
            suspects[place] = try await self.pendingVersion(place, in: bucket)
        }
        self.pending = []
        var findings: [VerificationFinding] = []
        // A version that was PENDING before the tasks were read again, and stands as it was behind that, had none.
        for place in try await self.withoutTask(Set(suspects.keys)).sorted() {
            guard let before = suspects[place], let now = try await self.pendingVersion(place, in: bucket),
                now.version.record == before.version.record
            else { continue }
            findings.append(now.finding(.withoutTask))
            self.counts.pending -= 1
        }
        findings = self.count(findings)
        return try await self.repair(findings, in: bucket)
    }

    private func pendingVersion(_ place: VersionPlace, in bucket: BucketState) async throws -> AdmittedVersion? {
        guard let version = try await self.service.version(identity: place.version, of: place.key, in: bucket),
            let admitted = AdmittedVersion(
                ListedVersion(key: place.key, record: version.record, isLatest: version.isLatest),
                to: self.lane.destinationBucket), admitted.state.isPending
        else { return nil }
        return admitted
    }

    /// Those of the versions that the lane has no task for.
    private func withoutTask(_ places: Set<VersionPlace>) async throws -> Set<VersionPlace> {
        var rest = places
        for lane in self.lane.classes { try await self.removeThoseWithTask(in: lane, from: &rest) }
        return rest
    }

    private func removeThoseWithTask(in lane: LaneID, from rest: inout Set<VersionPlace>) async throws {
        var row: [UInt8]?
        // A task that is moved goes to a later row: it is met at one of the two.
        while !rest.isEmpty {
            let tasks = try await self.service.outbox.tasks(of: lane, from: row, limit: VerificationLimits.page)
            for task in tasks where task.record.destinationBucket == lane.destinationBucket {
                rest.remove(
                    VersionPlace(
                        key: ObjectKey(trusted: Array(task.record.key)), version: task.record.version.versionID))
            }
            guard tasks.count == VerificationLimits.page, let last = tasks.last else { break }
            row = last.row + [0]
            guard await self.pause() else { throw VerificationError(.cancelled, "the comparison was broken off") }
        }
    }

    private mutating func repair(
        _ findings: [VerificationFinding], in bucket: BucketState
    ) async throws -> [VerificationFinding] {
        guard self.options.repairs else { return findings }
        var findings = findings
        for index in findings.indices {
            findings[index].repair = try await self.service.requeue(findings[index], lane: self.lane)
            if findings[index].repair == .queued { self.requeued += 1 }
        }
        return findings
    }
}

/// The ranges of the source that are compared by one digest first.
struct VerificationBlock: Sendable {
    struct Range: Sendable {
        /// `nil` is the bucket's end.
        var through: VersionPlace?
        var digest: RangeDigest
        /// Whether a version in it is not settled, so that it is looked at whatever the digests say.
        var isUnsettled: Bool
    }

    let after: VersionPlace?
    private(set) var ranges: [Range] = []
    private var digestOfLast = RangeDigest()
    private var isLastUnsettled = false
    private(set) var digest = RangeDigest()

    init(after: VersionPlace?) {
        self.after = after
    }

    /// The end of the last range.
    var end: VersionPlace? { self.ranges.last?.through }

    mutating func add(
        _ fingerprint: VersionFingerprint, at place: VersionPlace, isUnsettled: Bool, versionsPerRange: Int
    ) {
        self.digest.add(fingerprint)
        self.digestOfLast.add(fingerprint)
        if isUnsettled { self.isLastUnsettled = true }
        if self.digestOfLast.count >= versionsPerRange { self.closeLastRange(through: place) }
    }

    mutating func closeLastRange(through place: VersionPlace?) {
        self.ranges.append(Range(through: place, digest: self.digestOfLast, isUnsettled: self.isLastUnsettled))
        self.digestOfLast = RangeDigest()
        self.isLastUnsettled = false
    }

    func range(_ index: Int) -> VersionRange {
        VersionRange(
            after: index == 0 ? self.after : self.ranges[index - 1].through, through: self.ranges[index].through)
    }
}
