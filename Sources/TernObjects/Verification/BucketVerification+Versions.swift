import TernCore
import TernRecords
import TernReplication
import TernS3Protocol

// The comparison of ranges version by version.
extension BucketVerification {
    /// Compares the beginning of a range, as far as one page of either side goes; returns what is left of it.
    mutating func compare(
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
    mutating func lookUp(
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
    func extras(_ places: [VersionPlace], in bucket: BucketState) async throws -> [VerificationFinding] {
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
    mutating func count(_ findings: [VerificationFinding]) -> [VerificationFinding] {
        let findings = findings.filter { self.options.ruleID == nil || $0.ruleID == self.options.ruleID }
        for finding in findings {
            self.counts.add(finding.kind)
            if finding.kind == .pending, self.pending.count < Self.maximumPending { self.pending.insert(finding.place) }
        }
        return findings
    }

    mutating func repair(
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
