import TernCore
import TernRecords
import TernReplication
import TernS3Protocol

// The search for PENDING versions that no task is about.
extension BucketVerification {
    /// PENDING versions that no task is about.
    mutating func pendingWithoutTask(_ bucket: BucketState) async throws -> [VerificationFinding] {
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

    func pendingVersion(_ place: VersionPlace, in bucket: BucketState) async throws -> AdmittedVersion? {
        guard let version = try await self.service.version(identity: place.version, of: place.key, in: bucket),
            let admitted = AdmittedVersion(
                ListedVersion(key: place.key, record: version.record, isLatest: version.isLatest),
                to: self.lane.destinationBucket), admitted.state.isPending
        else { return nil }
        return admitted
    }

    /// Those of the versions that the lane has no task for.
    func withoutTask(_ places: Set<VersionPlace>) async throws -> Set<VersionPlace> {
        var rest = places
        for lane in self.lane.classes { try await self.removeThoseWithTask(in: lane, from: &rest) }
        return rest
    }

    func removeThoseWithTask(in lane: LaneID, from rest: inout Set<VersionPlace>) async throws {
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
}
