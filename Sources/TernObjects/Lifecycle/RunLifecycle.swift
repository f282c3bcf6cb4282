import Logging
import TernCore
import TernLifecycle
import TernRecords
package import TernS3Protocol
import TernStorage

extension ObjectService {
    /// Versions, or uploads, that are held in memory at once.
    private static let lifecyclePageSize = 200

    /// Carries out the lifecycle configurations of all buckets, a page at a time.
    ///
    /// Whatever it finds changed when it comes to act is left to the next run; so runs may overlap, break off and be
    /// repeated (LC-9).
    ///
    /// - Parameter pause: Called between pages, so that clients go first; `false` ends the run.
    package func runLifecycle(
        pause: @escaping @Sendable () async -> Bool = { true }
    ) async throws(S3Error) -> LifecycleReport {
        var total = LifecycleReport()
        for bucket in try await self.registry.all() {
            guard let lifecycle = self.lifecycle(of: bucket) else { continue }
            var report = LifecycleReport()
            do {
                try await self.visitVersions(of: bucket, lifecycle, pause: pause, report: &report)
                try await self.visitUploads(of: bucket, lifecycle, pause: pause, report: &report)
            } catch {
                // One bucket that fails, because it was just deleted for example, must not hold up the others.
                self.logger.warning(
                    "lifecycle of a bucket broke off; trying again in the next run",
                    metadata: ["bucket": "\(bucket.name)", "error": "\(error.code)"])
            }
            self.log(report, of: bucket)
            total += report
            guard await pause() else { break }
        }
        return total
    }

    private func log(_ report: LifecycleReport, of bucket: BucketState) {
        guard report.hasChanges || report.overtaken > 0 else { return }
        self.logger.info(
            "lifecycle",
            metadata: [
                "bucket": "\(bucket.name)", "examined": "\(report.examined)", "markers": "\(report.deleteMarkers)",
                "removed": "\(report.removed)", "expired-markers": "\(report.expiredMarkers)",
                "transitions": "\(report.transitions)", "aborted-uploads": "\(report.abortedUploads)",
                "held": "\(report.held)", "overtaken": "\(report.overtaken)",
            ])
    }

    private func visitVersions(
        of bucket: BucketState, _ lifecycle: LifecycleEvaluator,
        pause: @escaping @Sendable () async -> Bool, report: inout LifecycleReport
    ) async throws(S3Error) {
        var query = ListQuery()
        query.limit = Self.lifecyclePageSize
        var start = VersionListStart.beginning
        var stack = KeyStack()
        while true {
            let page = try await self.listVersions(query, from: start, in: bucket)
            for entry in page.entries {
                guard case .item(let version) = entry else { continue }
                try await self.visit(version, at: stack.place(of: version), in: bucket, lifecycle, report: &report)
                start = .afterIdentity(key: version.key, version.record.versionID)
            }
            guard page.isTruncated, await pause() else { return }
        }
    }

    private func visit(
        _ version: ListedVersion, at place: LifecycleVersion.Position, in bucket: BucketState,
        _ lifecycle: LifecycleEvaluator, report: inout LifecycleReport
    ) async throws(S3Error) {
        report.examined += 1
        var position = place
        if version.isLatest, version.record.isDeleteMarker {
            let below = try await self.metadata.entries(
                KeyRange(prefix: Keyspace.noncurrentPrefix(version.key)), in: bucket.partition, limit: 1)
            position = .current(isOnlyVersion: below.isEmpty)
        }
        let now = self.clock.now
        let decision = lifecycle.decide(
            LifecycleVersion(version.record, key: version.key, position: position, now: now),
            versioning: bucket.lifecycleVersioning, now: now)
        if decision.action == .keep {
            if decision.reason != .nothingDue { report.held += 1 }
            return
        }
        let isDone = try await self.carryOut(decision, on: version, in: bucket)
        report.count(decision, isDone: isDone)
        if isDone {
            self.logger.debug(
                "lifecycle action",
                metadata: [
                    "bucket": "\(bucket.name)", "key": "\(version.key)", "version": "\(version.record.versionID)",
                    "action": "\(decision.action)", "reason": "\(decision.reason)", "rule": "\(decision.ruleID ?? "")",
                ])
        }
    }

    private func visitUploads(
        of bucket: BucketState, _ lifecycle: LifecycleEvaluator,
        pause: @escaping @Sendable () async -> Bool, report: inout LifecycleReport
    ) async throws(S3Error) {
        guard lifecycle.configuration.rules.contains(where: { $0.isEnabled && $0.abortDaysAfterInitiation != nil })
        else { return }
        var range = Keyspace.table(.upload)
        while true {
            let rows = try await self.metadata.entries(range, in: bucket.partition, limit: Self.lifecyclePageSize)
            for row in rows {
                let record: UploadRecord = try decodeRecord(row.value)
                let key = ObjectKey(trusted: Array(record.key))
                let initiated = Timestamp(milliseconds: record.initiatedMs)
                guard let notice = lifecycle.abort(ofUploadTo: key, initiated: initiated), notice.time <= self.clock.now
                else { continue }
                do {
                    try await self.abortUpload(
                        StoredUpload(key: key, record: record, row: row.key, value: row.value), in: bucket)
                    report.abortedUploads += 1
                } catch  where error.code == "NoSuchUpload" {
                    report.overtaken += 1
                }
            }
            guard rows.count == Self.lifecyclePageSize, let last = rows.last else { return }
            guard await pause() else { return }
            range = KeyRange(from: last.key + [0], to: range.upper)
        }
    }
}

/// Keeps count of the versions of one key while they pass, the newest first.
private struct KeyStack {
    private var key: ObjectKey?
    private var newerNoncurrent = 0
    private var successorCreated: Timestamp?

    mutating func place(of version: ListedVersion) -> LifecycleVersion.Position {
        if version.key != self.key || version.isLatest {
            self.key = version.key
            self.newerNoncurrent = 0
            self.successorCreated = nil
        }
        defer { self.successorCreated = version.record.lastModified }
        if version.isLatest { return .current(isOnlyVersion: true) }
        // The successor of a version that changed its place meanwhile was not seen: the next run sees it.
        let place = LifecycleVersion.Position.noncurrent(
            since: self.successorCreated ?? Timestamp(milliseconds: Int64.max), newerNoncurrent: self.newerNoncurrent)
        self.newerNoncurrent += 1
        return place
    }
}
