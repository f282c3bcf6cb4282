import AsyncHTTPClient
import Logging
import NIOCore
import Synchronization
import TernControlPlane
import TernCore
import TernFederation
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

/// Publishes the replication metrics of CloudWatch (specification live-replication §7.1): those of what waits in the
/// regions of the destinations, those of failures in this one.
struct MetricsPublisher: Sendable {
    let service: ObjectService
    let finished: FinishedOperations
    let store: MetricStore
    let client: PeerClient
    let wall: any WallClock
    let interval: Duration
    let logger: Logger

    private static let agingInterval = Duration.seconds(3600)
    /// What waits for a region that cannot be reached.
    private static let maximumWaiting = 20_000

    func run() async {
        var waiting: [RegionName: [MetricSample]] = [:]
        var aged: Timestamp?
        while (try? await self.wall.sleep(until: self.wall.now + self.interval)) != nil {
            do throws(S3Error) {
                for (region, samples) in try await self.samples() { waiting[region, default: []] += samples }
            } catch {
                self.logger.error(
                    "replication metrics cannot be gathered", metadata: ["error": "\(error.message)"])
            }
            await withTaskGroup(of: (RegionName, [MetricSample]).self) { group in
                for (region, samples) in waiting {
                    group.addTask { (region, await self.publish(samples, in: region)) }
                }
                waiting = [:]
                for await (region, left) in group where !left.isEmpty {
                    waiting[region] = left.suffix(Self.maximumWaiting)
                }
            }
            let now = self.wall.now
            if aged.map({ now - $0 >= Self.agingInterval || now < $0 }) ?? true {
                aged = now
                do throws(MetricStoreProblem) {
                    try await self.store.removeOld()
                } catch {
                    self.logger.error("old metrics cannot be removed", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// The samples of this moment, by the region that publishes them.
    private func samples() async throws(S3Error) -> [RegionName: [MetricSample]] {
        let now = self.wall.now
        var samples: [RegionName: [MetricSample]] = [:]
        for gauge in try await self.service.ruleGauges() {
            guard let region = gauge.destinationRegion else { continue }
            let values = [
                ("ReplicationLatency", "Seconds", gauge.latency),
                ("BytesPendingReplication", "Bytes", Double(gauge.bytes)),
                ("OperationsPendingReplication", "Count", Double(gauge.operations)),
            ]
            for (name, unit, value) in values {
                samples[region, default: []].append(
                    MetricSample(
                        series: Self.series(name, unit, gauge.rule, account: gauge.account), time: now,
                        point: MetricPoint(value)))
            }
        }
        for (rule, count) in self.finished.take() {
            let account: AccountID
            do throws(S3Error) {
                account = try await self.service.registry.state(rule.sourceBucket).owner
            } catch  where error.code == "NoSuchBucket" {
                // Nobody's by now.
                continue
            }
            var point: MetricPoint?
            for (value, number) in [(0.0, count.succeeded), (1.0, count.failed)] where number > 0 {
                let part = MetricPoint(value, count: Double(number))
                if point?.add(part) == nil { point = part }
            }
            guard let point else { continue }
            samples[self.service.region, default: []].append(
                MetricSample(
                    series: Self.series("OperationsFailedReplication", "Count", rule, account: account), time: now,
                    point: point))
        }
        return samples
    }

    /// M-05
    private static func series(_ name: String, _ unit: String, _ rule: MeasuredRule, account: AccountID) -> MetricSeries
    {
        MetricSeries(
            account: account, namespace: "AWS/S3", name: name,
            dimensions: [
                .init("SourceBucket", rule.sourceBucket), .init("DestinationBucket", rule.destinationBucket),
                .init("RuleId", rule.ruleID),
            ], unit: unit)
    }

    /// What could not be published.
    private func publish(_ samples: [MetricSample], in region: RegionName) async -> [MetricSample] {
        do {
            if region == self.service.region {
                try await self.store.publish(samples)
            } else {
                for start in stride(from: 0, to: samples.count, by: Self.maximumSent) {
                    var message = MetricSamples()
                    message.samples = samples[start..<min(start + Self.maximumSent, samples.count)].map(\.record)
                    let bytes = try encodeRecord(message)
                    _ = try await self.client.sendExpectingOK(
                        .metrics, body: .bytes(ByteBuffer(bytes: bytes)), to: region)
                }
            }
            return []
        } catch {
            self.logger.debug(
                "metrics cannot be published; will try again", metadata: ["region": "\(region)", "error": "\(error)"])
            return samples
        }
    }

    /// Samples of one request between regions.
    private static let maximumSent = 1000

    /// Takes samples that another region sent.
    ///
    /// - Returns: Whether they are stored.
    static func take(_ bytes: [UInt8], into store: MetricStore, logger: Logger) async -> Bool {
        do {
            let message: MetricSamples = try decodeRecord(bytes)
            try await store.publish(message.samples.map(MetricSample.init))
            return true
        } catch {
            logger.error("metrics of another region cannot be stored", metadata: ["error": "\(error)"])
            return false
        }
    }
}
