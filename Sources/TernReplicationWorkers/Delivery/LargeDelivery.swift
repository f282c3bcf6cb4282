import NIOCore
import Synchronization
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage

extension Delivery {
    /// Delivers one large object: by cloning in this region, else segment by segment.
    func deliverLarge(_ task: StoredTask) async -> DeliveryReport {
        var report = DeliveryReport(verdicts: [], failure: nil, isAnswered: false, wasFull: false)
        let verdict: TaskVerdict
        do {
            let key = ObjectKey(trusted: Array(task.record.key))
            guard let source = try await self.service.sourceBucket(of: self.lane) else {
                report.verdicts = [(task, self.verdict(on: task, version: nil, cause: .sourceBucketGone))]
                return report
            }
            let identity = task.record.version.versionID
            guard let version = try await self.service.version(identity: identity, of: key, in: source) else {
                report.verdicts = [(task, self.verdict(on: task, version: nil, cause: .sourceVersionGone))]
                return report
            }
            let place = try await self.place()
            let withoutTags: ReplicationFailureReason?
            switch await self.readable(task, version: version, from: source, to: place) {
            case .version(let reason): withoutTags = reason
            case .verdict(let found):
                report.verdicts = [(task, found)]
                return report
            }
            switch place {
            case nil:
                verdict = self.verdict(on: task, version: version, cause: .failure(.dstBucketNotFound))
            case .here:
                let result = await self.service.cloneReplica(
                    task.record, of: version, from: source, tagsReason: withoutTags)
                verdict = self.verdict(on: task, version: version, result: result)
            case .region(let region):
                (verdict, report.failure) = await self.sendSegments(
                    of: version, withoutTags: withoutTags, task: task, from: source, to: region)
                report.isAnswered = report.failure == nil
            }
        } catch {
            verdict = self.sourceFailed(error)
        }
        report.verdicts = [(task, verdict)]
        return report
    }

    /// Sends what the destination does not have yet of an object, and has it made visible.
    func sendSegments(
        of version: StoredVersion,
        withoutTags: ReplicationFailureReason?,
        task: StoredTask,
        from source: BucketState,
        to region: RegionName
    ) async -> (TaskVerdict, TransportError?) {
        let layout: BodyLayout
        let opening: SourceOpening
        do {
            opening = try await self.service.openSource(of: version, role: task.record.role, in: source)
            if let reason = opening.refusal {
                return await self.verdict(
                    on: task, version: version, from: source, to: .region(region), keyRefused: reason)
            }
            guard let found = try await self.service.layout(of: version.record, in: source.partition) else {
                return (.postpone(.zero, error: "the version moved while it was read", countsAttempt: false), nil)
            }
            layout = found
        } catch {
            return (self.sourceFailed(error), nil)
        }
        let replica = ReplicaRecord(
            task: task.record, version: version.record, parts: layout.parts, source: source, tagsReason: withoutTags)
        do {
            let progress = try await self.context.transport.beginSession(replica, to: region)
            if progress.isComplete || progress.result.code != .done {
                return (self.verdict(on: task, version: version, result: progress.result), nil)
            }
            // What travels sealed is cut where it was sealed; else only parts must not be cut across.
            let sizes = version.record.travelsSealed ? replica.sealedSegments : []
            let plan = SegmentPlan(
                byteCount: version.record.byteCount,
                partSizes: sizes.isEmpty ? replica.parts.map(\.byteCount) : sizes.map(\.byteCount),
                maximum: sizes.isEmpty ? self.context.options.segmentBytes : IngestLimits.bytesPerSegment)
            let arrived = Set(progress.arrived)
            let missing = plan.segments.filter { !arrived.contains($0.lowerBound) }
            let sender = SegmentSender(
                delivery: self, destinationBucket: replica.destinationBucket, version: version.record.versionID,
                segments: layout.segments, cipher: opening.cipher, partition: source.partition, region: region,
                stretches: version.record.travelsSealed ? StoredStretches(layout.segments) : nil)
            switch await sender.send(missing) {
            case .sent:
                break
            case .destination(let result):
                return (self.verdict(on: task, version: version, result: result), nil)
            case .source(let error):
                return (self.retry(task, error: "the source's body cannot be read: \(error)"), nil)
            case .transport(let error):
                return (.giveBack, error)
            }
            let result = try await self.context.transport.commitSession(replica, to: region)
            return (self.verdict(on: task, version: version, result: result), nil)
        } catch {
            return (.giveBack, error)
        }
    }
}

/// Sends segments of one object, a few at a time.
private struct SegmentSender: Sendable {
    enum Outcome: Sendable {
        case sent
        /// The destination did not take a segment.
        case destination(IngestResult)
        case source(String)
        case transport(TransportError)
    }

    let delivery: Delivery
    let destinationBucket: String
    let version: VersionID
    let segments: [BodySegment]
    let cipher: BodyCipher?
    let partition: PartitionID
    let region: RegionName
    /// Of a body that travels as it is stored.
    let stretches: StoredStretches?

    /// Stops at the first segment that fails; those that were sent stay, and are not sent again.
    func send(_ ranges: [Range<Int64>]) async -> Outcome {
        await withTaskGroup(of: Outcome.self) { group in
            var rest = ranges[...]
            for range in rest.prefix(self.delivery.context.options.segmentsInFlight) {
                group.addTask { await self.send(range) }
            }
            rest = rest.dropFirst(self.delivery.context.options.segmentsInFlight)
            var worst = Outcome.sent
            for await outcome in group {
                if case .sent = outcome {
                    if case .sent = worst, let range = rest.popFirst() { group.addTask { await self.send(range) } }
                } else {
                    worst = outcome
                    rest = []
                }
            }
            return worst
        }
    }

    private func send(_ range: Range<Int64>) async -> Outcome {
        let service = self.delivery.service
        var address = SegmentAddress(
            destinationBucket: self.destinationBucket, version: self.version, offset: range.lowerBound,
            byteCount: Int64(range.count))
        var segments = self.segments
        var bytes = range
        if let stretches {
            guard let stored = stretches.stored(range) else { return .source("a segment cuts what was sealed") }
            segments = segments.map(\.asStored)
            bytes = stored
            address.sentByteCount = Int64(stored.count)
        }
        let reader = BodyReader(
            segments: segments, range: bytes, cipher: self.cipher, metadata: service.metadata, blobs: service.blobs,
            partition: self.partition, logger: service.logger)
        let source = SegmentSource(reader)
        do {
            let result = try await self.delivery.context.transport.sendSegment(address, body: source, to: self.region)
            return result.code == .done ? .sent : .destination(result)
        } catch {
            // A source that cannot be read breaks the request from this side.
            if let failure = source.failure { return .source(failure) }
            return .transport(error)
        }
    }
}
