import Logging
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernS3Protocol

/// Pauses and limits, as the operator sets them.
extension PeerRouter {
    /// What is in force in this region.
    func showFlow() -> HTTPAnswer {
        guard let flow = self.flow else { return Self.noFlow }
        var json = JSONText()
        json.object { json in
            json.member("region", self.federation.region.description)
            json.array("pauses", flow.pauses) { json, pause in
                json.object { Self.write(pause, to: &$0) }
            }
            json.array("limits", flow.limits) { json, limit in
                json.object { Self.write(limit, to: &$0) }
            }
        }
        return Self.json(json.text)
    }

    /// Sets the limit of a destination, or removes it.
    func setLimit(_ target: RequestTarget) async throws(S3Error) -> HTTPAnswer {
        guard let flow = self.flow else { return Self.noFlow }
        let destination: FlowDestination
        switch (target["bucket"].flatMap { BucketName($0) }, target["region"].flatMap { RegionName($0) }) {
        case (let bucket?, nil): destination = .bucket(bucket.description)
        case (nil, let region?): destination = .region(region.description)
        default: return Self.text(400, "either a destination bucket or a destination region is needed")
        }
        if case .region(let name) = destination, !self.federation.regions.contains(RegionName(trusted: name)) {
            return Self.text(404, "there is no region \(name)")
        }
        var limit: BandwidthLimit?
        if target["remove"] != "true" {
            guard let rate = BandwidthLimit.rate(target["rate"] ?? "unlimited") else {
                return Self.text(400, "the rate cannot be read")
            }
            var windows: [BandwidthLimit.Window] = []
            for text in (target["windows"] ?? "").split(separator: ",") {
                guard let window = BandwidthLimit.Window(String(text)) else {
                    return Self.text(400, "the window \(text) cannot be read")
                }
                windows.append(window)
            }
            limit = BandwidthLimit(
                bytesPerSecond: rate, windows: windows, zone: target["zone"] ?? BandwidthLimit.utc)
        }
        do throws(S3Error) {
            try await flow.setLimit(limit, of: destination)
        } catch  where error.code == "InvalidRequest" {
            return Self.text(400, error.message)
        }
        self.logger.notice(
            "bandwidth limit set",
            metadata: [
                "destination": "\(destination)",
                "rate": "\(limit.map { BandwidthLimit.text(ofRate: $0.bytesPerSecond) } ?? "default")",
            ])
        return self.showFlow()
    }

    /// Lets replication of a bucket rest, for a time or until it is resumed (A-46, I-11).
    func pauseReplication(_ target: RequestTarget) async throws(S3Error) -> HTTPAnswer {
        guard let flow = self.flow else { return Self.noFlow }
        let subject: PauseSubject
        switch try await self.pauseSubject(target) {
        case .refused(let answer): return answer
        case .found(let found): subject = found
        }
        let now = self.wall.now
        var until: Timestamp?
        if let text = target["seconds"] {
            guard let seconds = Int64(text), (1...Self.longestPauseSeconds).contains(seconds) else {
                return Self.text(400, "a pause lasts from a second to a year")
            }
            until = Timestamp(milliseconds: now.milliseconds + seconds * 1000)
        }
        let pause = ReplicationPause(id: subject.id, sourceBucket: subject.bucket, since: now, until: until)
        try await flow.pause(pause)
        self.logger.notice(
            "replication paused",
            metadata: [
                "bucket": "\(subject.bucket)", "rule": "\(subject.id.ruleID)",
                "destination": "\(subject.id.destinationBucket)", "until": "\(until?.iso8601 ?? "resumed")",
            ])
        var json = JSONText()
        json.object { Self.write(pause, to: &$0) }
        return Self.json(json.text)
    }

    /// Ends pauses: the one of the rule or destination, or all of the bucket's.
    func resumeReplication(_ target: RequestTarget) async throws(S3Error) -> HTTPAnswer {
        guard let flow = self.flow else { return Self.noFlow }
        guard let name = target["bucket"], !name.isEmpty else { return Self.text(400, "a bucket is needed") }
        let bucket: BucketState
        switch try await self.localBucket(name) {
        case .refused(let answer): return answer
        case .found(let state): bucket = state
        }
        // Rules and destinations that are no more can be resumed all the same.
        let rule = target["rule"] ?? ""
        let destination = target["destination"] ?? ""
        let count = try await flow.resume { pause in
            pause.id.sourceBucketID == bucket.record.bucketID
                && (rule.isEmpty && destination.isEmpty
                    || pause.id.ruleID == rule && pause.id.destinationBucket == destination)
        }
        self.logger.notice(
            "replication resumed",
            metadata: ["bucket": "\(name)", "rule": "\(rule)", "destination": "\(destination)", "pauses": "\(count)"])
        var json = JSONText()
        json.object { $0.member("resumed", Int64(count)) }
        return Self.json(json.text)
    }

    // MARK: Subjects

    private static let longestPauseSeconds: Int64 = 366 * 24 * 3600
    private static var noFlow: HTTPAnswer { self.text(404, "this region does not replicate") }

    private enum Lookup<Found: Sendable>: Sendable {
        case found(Found)
        case refused(HTTPAnswer)
    }

    private struct PauseSubject: Sendable {
        var bucket: String
        var id: ReplicationPause.ID
    }

    private func localBucket(_ name: String) async throws(S3Error) -> Lookup<BucketState> {
        do throws(S3Error) {
            switch try await self.service.registry.locate(name) {
            case .here(let state): return .found(state)
            case .elsewhere(let record):
                return .refused(Self.text(404, "the bucket is in region \(record.region)"))
            }
        } catch  where error.code == "NoSuchBucket" {
            return .refused(Self.text(404, "there is no bucket \(name)"))
        }
    }

    private func pauseSubject(_ target: RequestTarget) async throws(S3Error) -> Lookup<PauseSubject> {
        guard let name = target["bucket"], !name.isEmpty else {
            return .refused(Self.text(400, "a bucket is needed"))
        }
        let bucket: BucketState
        switch try await self.localBucket(name) {
        case .refused(let answer): return .refused(answer)
        case .found(let state): bucket = state
        }
        let rules = bucket.replication?.rules ?? []
        let ruleID = target["rule"] ?? ""
        let destination = target["destination"] ?? ""
        if !ruleID.isEmpty, !destination.isEmpty {
            return .refused(Self.text(400, "a pause is of a rule or of a destination, not of both"))
        }
        let waiting = self.service.outbox.pending.filter { $0.key.sourceBucketID == bucket.record.bucketID }
        let isKnownRule =
            ruleID.isEmpty || rules.contains { $0.id == ruleID } || waiting.values.contains { $0[ruleID] != nil }
        guard isKnownRule else {
            return .refused(Self.text(409, "the bucket has no replication rule \(ruleID)"))
        }
        let isKnownDestination =
            destination.isEmpty || rules.contains { $0.destination.bucket.description == destination }
            || waiting.keys.contains { $0.destinationBucket == destination }
        guard isKnownDestination else {
            return .refused(Self.text(409, "the bucket does not replicate to \(destination)"))
        }
        if rules.isEmpty, waiting.isEmpty {
            return .refused(Self.text(409, "the bucket has no replication rules"))
        }
        return .found(
            PauseSubject(
                bucket: name,
                id: ReplicationPause.ID(
                    sourceBucketID: bucket.record.bucketID, ruleID: ruleID, destinationBucket: destination)))
    }

    // MARK: Answers

    private static func write(_ pause: ReplicationPause, to json: inout JSONText) {
        json.member("sourceBucket", pause.sourceBucket)
        json.member("ruleId", pause.id.ruleID.isEmpty ? nil : pause.id.ruleID)
        json.member("destinationBucket", pause.id.destinationBucket.isEmpty ? nil : pause.id.destinationBucket)
        json.member("since", pause.since.iso8601)
        json.member("until", pause.until?.iso8601)
    }

    private static func write(_ limit: FlowControl.Limit, to json: inout JSONText) {
        switch limit.destination {
        case .bucket(let name): json.member("destinationBucket", name)
        case .region(let name): json.member("destinationRegion", name)
        }
        json.member("bytesPerSecond", limit.limit.bytesPerSecond)
        json.member("currentBytesPerSecond", limit.current)
        json.member("windows", limit.limit.windows.map(\.text).joined(separator: ","))
        json.member("zone", limit.limit.zone)
        json.member("isDefault", limit.isDefault)
    }
}
