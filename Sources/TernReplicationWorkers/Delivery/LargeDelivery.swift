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
            opening = try await self.service.openSource(of: version, for: task.record, in: source)
            if case .undecided(let message) = opening { return (self.retry(task, error: message), nil) }
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
            let cutter = SegmentCutter(
                byteCount: version.record.byteCount,
                partSizes: sizes.isEmpty ? replica.parts.map(\.byteCount) : sizes.map(\.byteCount),
                arrived: progress.arrived)
            let sender = SegmentSender(
                delivery: self, task: task,
                maximum: sizes.isEmpty
                    ? self.context.options.segmentBytes : IngestLimits.bytesPerSegment,
                version: version.record.versionID, byteCount: version.record.byteCount,
                segments: layout.segments, cipher: opening.cipher, partition: source.partition, region: region,
                sendsBlocks: progress.takesBlocks,
                stretches: version.record.travelsSealed ? StoredStretches(layout.segments) : nil)
            switch await sender.send(cutter) {
            case .sent:
                break
            case .destination(let result):
                return (self.verdict(on: task, version: version, result: result), nil)
            case .source(let error):
                return (self.retry(task, error: "the source's body cannot be read: \(error)"), nil)
            case .transport(let error):
                return (.giveBack, error)
            case .paused:
                return (.giveBack, nil)
            }
            let result = try await self.context.transport.commitSession(replica, to: region)
            return (self.verdict(on: task, version: version, result: result), nil)
        } catch {
            return (.giveBack, error)
        }
    }
}

/// Sends segments of one object, some at a time, as large and as many as the line to the region can do with.
private struct SegmentSender: Sendable {
    enum Outcome: Sendable {
        case sent
        /// The destination did not take a segment.
        case destination(IngestResult)
        case source(String)
        case transport(TransportError)
        /// The rule rests, or the lane ends.
        case paused
    }

    let delivery: Delivery
    let task: StoredTask
    /// Bytes of one segment.
    let maximum: Int64
    let version: VersionID
    /// Of the whole object.
    let byteCount: Int64
    let segments: [BodySegment]
    let cipher: BodyCipher?
    let partition: PartitionID
    let region: RegionName
    /// Whether the destination takes segments in blocks.
    let sendsBlocks: Bool
    /// Of a body that travels as it is stored.
    let stretches: StoredStretches?

    /// Stops at the first segment that fails; those that were sent stay, and are not sent again.
    func send(_ cutter: SegmentCutter) async -> Outcome {
        let route = self.delivery.context.routes.route(to: self.region)
        route.objectBegins()
        defer { route.objectEnds() }
        let rule: Set<String> = [self.task.record.ruleID]
        return await withTaskGroup(of: Outcome.self) { group in
            var cutter = cutter
            var inFlight = 0
            var worst = Outcome.sent
            while true {
                while case .sent = worst,
                    inFlight < route.segmentsInFlight(base: self.delivery.context.options.segmentsInFlight),
                    !cutter.isEmpty
                {
                    if self.delivery.isPaused(rule) {
                        worst = .paused
                        break
                    }
                    let limit = self.delivery.context.flow?.limit(
                        ofBucket: self.delivery.lane.destinationBucket, region: self.region)
                    let size = min(route.segmentBytes(ofObject: self.byteCount, limit: limit), self.maximum)
                    guard let range = cutter.next(size) else { break }
                    inFlight += 1
                    group.addTask { await self.send(range, on: route, rule: rule) }
                }
                guard let outcome = await group.next() else { return worst }
                inFlight -= 1
                if case .sent = outcome { continue }
                // What breaks the line breaks all that is under way: that is one failure.
                if case .transport = outcome, case .sent = worst { route.failed() }
                worst = outcome
            }
        }
    }

    private func send(_ range: Range<Int64>, on route: Route, rule: Set<String>) async -> Outcome {
        let service = self.delivery.service
        var address = SegmentAddress(
            destinationBucket: self.delivery.lane.destinationBucket, version: self.version, offset: range.lowerBound,
            byteCount: Int64(range.count))
        var segments = self.segments
        var bytes = range
        if let stretches {
            guard let stored = stretches.stored(range) else { return .source("a segment cuts what was sealed") }
            segments = segments.map(\.asStored)
            bytes = stored
            address.sentByteCount = Int64(stored.count)
        }
        if self.sendsBlocks {
            // What travels sealed is kept in whole chunks. A segment is several blocks, however small it is.
            address.blockBytes =
                self.stretches == nil
                ? max(min(route.blockBytes, self.maximum / 8), 1) : StoredStretches.storedChunkBytes
        }
        let sentByteCount = address.wireByteCount
        guard await self.delivery.awaitTurn(bytes: { sentByteCount }, to: self.region, rules: { rule }) else {
            return .paused
        }
        let reader = BodyReader(
            segments: segments, range: bytes, cipher: self.cipher, metadata: service.metadata, blobs: service.blobs,
            partition: self.partition, logger: service.logger)
        let source = SegmentSource(reader, blockBytes: address.blockBytes)
        let start = self.delivery.context.wall.now
        do {
            let result = try await self.delivery.context.transport.sendSegment(address, body: source, to: self.region)
            guard result.code == .done else { return .destination(result) }
            route.succeeded(bytes: sentByteCount, in: self.delivery.context.wall.now - start)
            route.segmentArrived()
            return .sent
        } catch {
            // A source that cannot be read breaks the request from this side.
            if let failure = source.failure { return .source(failure) }
            return .transport(error)
        }
    }
}
