import Foundation
import TernCore
import TernHTTPServer
import TernObjects
import TernPorts
import TernS3API
import TernStorage
import TernStorageRocksDB

/// The page `/metrics` of a region (docs/metrics.md).
///
/// It is made when somebody asks; requests and commits only count.
struct RegionMetrics: Sendable {
    let region: RegionName
    let service: ObjectService
    let outcomes: OutcomeMetrics
    let requests: OperationCounts
    let lanes: any LaneMonitor
    let events: any EventOperator
    let metadata: RocksDBMetadataStore
    let dataDirectory: String
    let wall: any WallClock

    /// - Parameter traffic: What went through the server that serves S3.
    func page(traffic: TrafficCounts) async -> [UInt8] {
        var text = PrometheusText()
        self.writeProcess(&text)
        self.writeRequests(&text, traffic)
        await self.writeStorage(&text)
        self.writeReplication(&text)
        await self.writeEvents(&text)
        return text.bytes
    }

    // MARK: Process

    private func writeProcess(_ text: inout PrometheusText) {
        let figures = ProcessFigures.read()
        text.family("tern_build_info", .gauge, "The region that this process serves.")
        text.sample(
            "tern_build_info", [("region", self.region.description), ("version", Tern.version)], 1)
        text.single("process_cpu_seconds_total", .counter, "Time on processors.", figures.cpuSeconds)
        text.single("process_resident_memory_bytes", .gauge, "Memory in use.", figures.residentBytes)
        text.single("process_virtual_memory_bytes", .gauge, "Address space in use.", figures.virtualBytes)
        text.single("process_open_fds", .gauge, "Open file descriptors.", figures.openFiles)
        text.single("process_max_fds", .gauge, "The most open file descriptors.", figures.maximumFiles)
        text.single("process_threads", .gauge, "Threads.", figures.threads)
        text.single("process_start_time_seconds", .gauge, "When the process started.", figures.startSeconds)
    }

    // MARK: HTTP

    private func writeRequests(_ text: inout PrometheusText, _ traffic: TrafficCounts) {
        let operations = self.requests.all
        text.family("tern_http_requests_total", .counter, "Requests of S3 by operation and class of status.")
        for operation in operations {
            for (index, count) in operation.values.enumerated() where count > 0 {
                text.sample(
                    "tern_http_requests_total", [("operation", operation.name), ("status", "\(index + 1)xx")], count)
            }
        }
        let name = "tern_http_request_duration_seconds"
        text.family(name, .histogram, "From the head of a request of S3 to the head of its answer.")
        for operation in operations {
            let label = ("operation", operation.name)
            var sum = 0
            for (index, count) in operation.durations.values.enumerated() {
                sum += count
                let bound =
                    index < DurationCounts.bounds.count
                    ? "\(Double(DurationCounts.bounds[index]) / 1_000_000)" : "+Inf"
                text.sample("\(name)_bucket", [label, ("le", bound)], sum)
            }
            text.sample("\(name)_sum", [label], Double(operation.durations.totalMicroseconds) / 1_000_000)
            text.sample("\(name)_count", [label], sum)
        }
        text.single(
            "tern_http_received_bytes_total", .counter, "Bytes received, heads included, those of other regions too.",
            Double(traffic.receivedBytes.value))
        text.single(
            "tern_http_sent_bytes_total", .counter, "Bytes sent, heads included, those to other regions' requests too.",
            Double(traffic.sentBytes.value))
        let closed = traffic.closedConnections.value
        let accepted = traffic.acceptedConnections.value
        text.single("tern_http_connections_total", .counter, "Connections accepted.", Double(accepted))
        text.single("tern_http_connections", .gauge, "Open connections.", Double(max(accepted - closed, 0)))
    }

    // MARK: Storage

    /// Gauges, by the property of RocksDB that they come from.
    private static let storageGauges = [
        ("rocksdb.total-sst-files-size", "tern_storage_table_bytes", "Sorted files of the metadata."),
        ("rocksdb.total-blob-file-size", "tern_storage_value_bytes", "Files of larger values of the metadata."),
        ("rocksdb.cur-size-all-mem-tables", "tern_storage_memtable_bytes", "Metadata in memory, not in files yet."),
        ("rocksdb.block-cache-usage", "tern_storage_cache_bytes", "Memory for what was read before."),
        ("rocksdb.estimate-num-keys", "tern_storage_rows", "Rows of metadata, about."),
        (
            "rocksdb.estimate-pending-compaction-bytes", "tern_storage_pending_compaction_bytes",
            "Bytes that compaction has to rewrite, about."
        ),
        (
            "rocksdb.num-snapshots", "tern_storage_snapshots",
            "Moments that are being read, of which the disk keeps what was replaced since."
        ),
    ]
    /// In seconds since 1970; 0 without one.
    private static let oldestSnapshot = "rocksdb.oldest-snapshot-time"

    private func writeStorage(_ text: inout PrometheusText) async {
        let commits = self.metadata.statistics
        text.family("tern_storage_commits_total", .counter, "Batches of metadata by their results.")
        text.sample("tern_storage_commits_total", [("result", "committed")], commits.committed)
        text.sample("tern_storage_commits_total", [("result", "refused")], commits.refused)
        text.sample("tern_storage_commits_total", [("result", "failed")], commits.failed)
        text.single(
            "tern_storage_syncs_total", .counter, "Synced writes of metadata, each of many batches.",
            Double(commits.syncs))
        // A store that is being opened again tells nothing, and the samples are missing.
        let names = Self.storageGauges.map(\.0) + [Self.oldestSnapshot]
        if let properties = try? await self.metadata.properties(names) {
            for (property, name, help) in Self.storageGauges {
                if let value = properties[property] { text.single(name, .gauge, help, Double(value)) }
            }
            if let time = properties[Self.oldestSnapshot] {
                let age = time == 0 ? 0 : Double(self.wall.now.milliseconds) / 1_000 - Double(time)
                text.single(
                    "tern_storage_oldest_snapshot_seconds", .gauge, "For how long the oldest of them is read.",
                    max(age, 0))
            }
        }
        var disk = statvfs()
        if statvfs(self.dataDirectory, &disk) == 0 {
            let block = Double(disk.f_frsize)
            text.single(
                "tern_storage_disk_bytes", .gauge, "Size of the disk of the data directory.",
                Double(disk.f_blocks) * block)
            text.single(
                "tern_storage_disk_free_bytes", .gauge, "What is free there.", Double(disk.f_bavail) * block)
        }
    }

    // MARK: Replication

    private typealias Labels = [(String, String)]

    private static func labels(_ lane: LaneID) -> Labels {
        [("source_bucket", lane.sourceBucket), ("destination_bucket", lane.destinationBucket)]
    }

    private func writeReplication(_ text: inout PrometheusText) {
        let now = self.wall.now
        let pending = self.service.outbox.pending
        let oldest = self.service.outbox.oldestRequests
        var waiting: [(labels: Labels, count: PendingCount, age: Double)] = []
        for (lane, rules) in pending.sorted(by: { $0.key.description < $1.key.description }) {
            for (rule, count) in rules.sorted(by: { $0.key < $1.key }) {
                let age = oldest[lane]?[rule].map { Double(max(now.milliseconds - $0.milliseconds, 0)) / 1000 } ?? 0
                waiting.append((Self.labels(lane) + [("rule", rule)], count, age))
            }
        }
        text.family("tern_replication_pending_operations", .gauge, "Operations that wait, by rule.")
        for one in waiting {
            text.sample("tern_replication_pending_operations", one.labels, Int(max(one.count.operations, 0)))
        }
        text.family("tern_replication_pending_bytes", .gauge, "Bytes of object data that wait, by rule.")
        for one in waiting { text.sample("tern_replication_pending_bytes", one.labels, Int(max(one.count.bytes, 0))) }
        text.family("tern_replication_latency_seconds", .gauge, "Age of the oldest operation that waits, by rule.")
        for one in waiting { text.sample("tern_replication_latency_seconds", one.labels, one.age) }
        text.family("tern_replication_lane_backing_off", .gauge, "Whether a lane waits for its destination to be back.")
        for lane in pending.keys.sorted(by: { $0.description < $1.description }) {
            let isAway = self.lanes.report(on: lane)?.nextAttempt != nil
            text.sample("tern_replication_lane_backing_off", Self.labels(lane), isAway ? 1 : 0)
        }
        self.writeOutcomes(&text)
        text.family(
            "tern_replication_divergent_objects", .gauge,
            "Versions that are not as replication should have left them, by the last comparison.")
        for (lane, snapshot) in self.service.verifications.snapshots {
            text.sample("tern_replication_divergent_objects", Self.labels(lane), Int(snapshot.divergentObjects))
        }
    }

    private func writeOutcomes(_ text: inout PrometheusText) {
        let snapshots = self.outcomes.snapshots(at: self.wall.now).map { key, snapshot in
            (Self.labels(key.lane) + [("rule", key.ruleID)], snapshot)
        }
        text.family("tern_replication_operations_total", .counter, "Operations that ended, by rule and outcome.")
        for (labels, snapshot) in snapshots {
            let ends = [
                ("completed", snapshot.completedOperations), ("failed", snapshot.failedOperations),
                ("not_tracked", snapshot.notTrackedOperations),
            ]
            for (outcome, count) in ends {
                text.sample("tern_replication_operations_total", labels + [("outcome", outcome)], Int(count))
            }
        }
        text.family("tern_replication_bytes_total", .counter, "Bytes of object data that arrived, by rule.")
        for (labels, snapshot) in snapshots {
            text.sample("tern_replication_bytes_total", labels, Int(snapshot.completedBytes))
        }
        text.family("tern_replication_failures_total", .counter, "Operations that failed, by rule and S3's reason.")
        for (labels, snapshot) in snapshots {
            for (reason, count) in snapshot.failures.sorted(by: { $0.key < $1.key }) {
                text.sample("tern_replication_failures_total", labels + [("reason", reason)], Int(count))
            }
        }
        text.family(
            "tern_replication_time_seconds", .gauge,
            "From requests to the end of their replication, since the start, by rule and quantile.")
        for (labels, snapshot) in snapshots {
            let quantiles = [("0.5", snapshot.lag.p50), ("0.9", snapshot.lag.p90), ("0.99", snapshot.lag.p99)]
            for (quantile, milliseconds) in quantiles {
                text.sample(
                    "tern_replication_time_seconds", labels + [("quantile", quantile)], Double(milliseconds) / 1000)
            }
        }
    }

    // MARK: Events

    /// TGT-4
    private func writeEvents(_ text: inout PrometheusText) async {
        // A store that is being opened again tells nothing, and the samples are missing.
        guard let reports = try? await self.events.report() else { return }
        func family(
            _ name: String, _ kind: PrometheusText.Kind, _ help: String, _ value: (EventTargetReport) -> Double
        ) {
            text.family(name, kind, help)
            for report in reports { text.sample(name, [("target", report.target)], value(report)) }
        }
        let now = self.wall.now
        family("tern_events_pending", .gauge, "Events on their way, by target.") { Double($0.queued) }
        family("tern_events_dead", .gauge, "Events that were given up, by target.") { Double($0.dead) }
        family("tern_events_oldest_seconds", .gauge, "How long ago the oldest of those on their way happened.") {
            $0.oldest.map { Double(max((now - $0).wholeMilliseconds, 0)) / 1000 } ?? 0
        }
        family("tern_events_delivered_total", .counter, "Events that targets acknowledged.") { Double($0.delivered) }
        family("tern_events_failed_attempts_total", .counter, "Attempts that failed.") { Double($0.failed) }
        family("tern_events_given_up_total", .counter, "Events that became dead letters.") { Double($0.gaveUp) }
    }
}
