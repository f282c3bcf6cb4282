import NIOCore
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernS3Protocol

/// A task with all that its delivery needs.
private struct ReadyItem: Sendable {
    var task: StoredTask
    var version: StoredVersion
    var item: IngestItem

    /// With its record; what a record cannot be encoded to, the request will tell.
    var sentByteCount: Int64 {
        Int64(self.item.body.readableBytes) + Int64((try? encodeRecord(self.item.replica).count) ?? 0)
    }
}

/// What reading the source of a task came to.
private enum SourceReading: Sendable {
    case ready(ReadyItem)
    /// To be delivered on its own: by cloning, or because it has several parts.
    case alone(StoredVersion, withoutTags: ReplicationFailureReason?)
    /// The source's key refuses the role.
    case keyRefused(StoredVersion, ReplicationFailureReason)
    case verdict(TaskVerdict)
}

extension Delivery {
    /// Delivers small tasks together.
    func deliverSmall(_ tasks: [StoredTask], isFull: Bool) async -> DeliveryReport {
        var report = DeliveryReport(verdicts: [], failure: nil, isAnswered: false, wasFull: isFull)
        do {
            guard let source = try await self.service.sourceBucket(of: self.lane) else {
                report.verdicts = tasks.map { ($0, self.verdict(on: $0, version: nil, cause: .sourceBucketGone)) }
                return report
            }
            await self.deliver(tasks, from: source, to: try await self.place(), report: &report)
        } catch {
            report.verdicts = tasks.map { ($0, self.sourceFailed(error)) }
        }
        return report
    }

    private func deliver(
        _ tasks: [StoredTask],
        from source: BucketState,
        to place: DestinationPlace?,
        report: inout DeliveryReport
    ) async {
        var ready: [ReadyItem] = []
        var bytes = 0
        // Where this fails, reading one by one says which task fails, and why.
        let rows = (try? await self.service.sourceRows(of: tasks, in: source)) ?? []
        for (index, task) in tasks.enumerated() {
            let ahead = rows.indices.contains(index) ? rows[index] : SourceRows()
            switch await self.read(task, ahead: ahead, from: source, to: place) {
            case .verdict(let verdict):
                report.verdicts.append((task, verdict))
            case .alone(let version, let withoutTags):
                // Without a destination the reading ended with a verdict.
                guard let place else { continue }
                let (verdict, failure) = await self.deliverAlone(
                    task, version: version, withoutTags: withoutTags, from: source, to: place)
                report.verdicts.append((task, verdict))
                if let failure { report.failure = failure } else { report.isAnswered = true }
            case .keyRefused(let version, let reason):
                guard let place else { continue }
                let (verdict, failure) = await self.verdict(
                    on: task, version: version, from: source, to: place, keyRefused: reason)
                report.verdicts.append((task, verdict))
                if let failure { report.failure = failure } else { report.isAnswered = true }
            case .ready(let item):
                let size = item.item.body.readableBytes
                let isRoom = ready.count < IngestLimits.itemsPerRequest && bytes + size <= IngestLimits.bytesPerRequest
                if !isRoom, let place {
                    await self.send(ready, to: place, report: &report)
                    ready = []
                    bytes = 0
                }
                ready.append(item)
                bytes += size
            }
        }
        if !ready.isEmpty, let place { await self.send(ready, to: place, report: &report) }
    }

    private func send(_ ready: [ReadyItem], to place: DestinationPlace, report: inout DeliveryReport) async {
        let results: [IngestResult]
        switch place {
        case .here:
            results = await self.service.ingest(ready.map(\.item))
        case .region(let region):
            let isAllowed = await self.awaitTurn(
                bytes: { ready.reduce(0) { $0 + $1.sentByteCount } }, to: region,
                rules: { Set(ready.lazy.map(\.task.record.ruleID)) })
            guard isAllowed else {
                for item in ready { report.verdicts.append((item.task, .giveBack)) }
                return
            }
            let bytes = ready.reduce(0) { $0 + $1.item.body.readableBytes }
            let start = self.context.wall.now
            do {
                results = try await self.context.transport.deliver(ready.map(\.item), to: region)
                if bytes >= LinePace.measurableBytes {
                    self.context.routes.route(to: region).succeeded(
                        bytes: Int64(bytes), in: self.context.wall.now - start)
                }
            } catch {
                self.context.routes.route(to: region).failed()
                report.failure = error
                for item in ready { report.verdicts.append((item.task, .giveBack)) }
                return
            }
        }
        guard results.count == ready.count else {
            report.failure = TransportError(
                .protocolViolation, "the destination answered \(results.count) of \(ready.count) items",
                mayBeDueToContent: true)
            for item in ready { report.verdicts.append((item.task, .giveBack)) }
            return
        }
        report.isAnswered = true
        for (item, result) in zip(ready, results) {
            report.verdicts.append((item.task, self.verdict(on: item.task, version: item.version, result: result)))
        }
    }

    /// Reads a task's version, as it is now, and its body.
    private func read(
        _ task: StoredTask, ahead: SourceRows, from source: BucketState, to place: DestinationPlace?
    ) async -> SourceReading {
        do {
            let key = ObjectKey(trusted: Array(task.record.key))
            let identity = task.record.version.versionID
            guard
                let version = try await self.service.version(
                    identity: identity, of: key, in: source, headValue: ahead.head)
            else {
                return .verdict(self.verdict(on: task, version: nil, cause: .sourceVersionGone))
            }
            let record = version.record
            if task.record.kind.isOfAttributes, self.isDataPending(in: record) {
                return .verdict(
                    .postpone(
                        Self.attributesDelay, error: "waits until the object itself has arrived", countsAttempt: false))
            }
            let withoutTags: ReplicationFailureReason?
            switch await self.readable(task, version: version, from: source, to: place) {
            case .version(let reason): withoutTags = reason
            case .verdict(let verdict): return .verdict(verdict)
            }
            guard task.record.kind == .object else {
                let replica = ReplicaRecord(
                    task: task.record, version: record, parts: [], source: source, tagsReason: withoutTags)
                return .ready(ReadyItem(task: task, version: version, item: IngestItem(replica: replica)))
            }
            if record.etagPartCount > 1 || record.byteCount > self.context.options.smallBodyBytes {
                return .alone(version, withoutTags: withoutTags)
            }
            if case .here = place, record.byteCount > Int64(self.service.options.inlineThresholdBytes) {
                return .alone(version, withoutTags: withoutTags)
            }
            let opening = try await self.service.openSource(of: version, for: task.record, in: source)
            if case .undecided(let message) = opening { return .verdict(self.retry(task, error: message)) }
            if let reason = opening.refusal {
                return .keyRefused(version, reason)
            }
            guard let layout = try await self.service.layout(of: record, in: source.partition),
                let body = try await self.readBody(
                    of: record, layout: layout, cipher: opening.cipher, in: source, inlineRow: ahead.body)
            else {
                return .verdict(.postpone(.zero, error: "the version moved while it was read", countsAttempt: false))
            }
            let replica = ReplicaRecord(
                task: task.record, version: record, parts: layout.parts, source: source, tagsReason: withoutTags)
            return .ready(ReadyItem(task: task, version: version, item: IngestItem(replica: replica, body: body)))
        } catch let error as S3Error {
            return .verdict(self.sourceFailed(error))
        } catch {
            // A body that cannot be read to its end is damaged: it counts, and waits longer and longer for its repair.
            return .verdict(self.retry(task, error: "the source's body cannot be read: \(error)"))
        }
    }

    private func readBody(
        of record: VersionRecord, layout: BodyLayout, cipher: BodyCipher?, in source: BucketState, inlineRow: [UInt8]?
    ) async throws -> ByteBuffer? {
        let opened: OpenedBody?
        if record.travelsSealed {
            opened = try await self.service.openStoredBody(layout, in: source.partition)
        } else {
            opened = try await self.service.openBody(
                of: record, layout: layout, range: 0..<record.byteCount, cipher: cipher, in: source.partition,
                inlineRow: inlineRow)
        }
        switch opened {
        case nil:
            return nil
        case .some(.none):
            return ByteBuffer()
        case .bytes(let bytes):
            return bytes
        case .stream(let stream):
            var body = ByteBuffer()
            body.reserveCapacity(Int(record.byteCount))
            while var chunk = try await stream.next() { body.writeBuffer(&chunk) }
            return body
        }
    }

    private func isDataPending(in record: VersionRecord) -> Bool {
        record.destinations.contains {
            $0.destinationBucket == self.lane.destinationBucket && $0.data == .pending
        }
    }

    private func deliverAlone(
        _ task: StoredTask,
        version: StoredVersion,
        withoutTags: ReplicationFailureReason?,
        from source: BucketState,
        to place: DestinationPlace
    ) async -> (TaskVerdict, TransportError?) {
        switch place {
        case .here:
            let result = await self.service.cloneReplica(
                task.record, of: version, from: source, tagsReason: withoutTags)
            return (self.verdict(on: task, version: version, result: result), nil)
        case .region(let region):
            return await self.sendSegments(of: version, withoutTags: withoutTags, task: task, from: source, to: region)
        }
    }
}
