import Logging
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

/// Compares the replicas of the region's buckets with their sources, slowly and again and again.
///
/// It keeps its place in each bucket, so that a restart goes on where it was. What it finds is counted and logged; it
/// mends nothing.
struct VerificationRunner: Sendable {
    let service: ObjectService
    let peer: any VerificationPeer
    let settings: RegionConfiguration.Verification
    let clients: ClientActivity
    let wall: any WallClock
    let logger: Logger

    private static let firstDelay = Duration.seconds(60)
    private static let longRest = Duration.milliseconds(250)
    /// Long rests in a row: however busy the region is, the comparison comes to its end.
    private static let maximumLongRests = 40
    /// Findings of one round in the log.
    private static let maximumLogged = 100

    func run() async {
        // Counts of earlier rounds are known at once.
        await self.eachLane { lane in
            self.service.verifications.restore(try await self.service.verificationRecord(of: lane), of: lane)
        }
        let interval = Duration.seconds(self.settings.intervalSeconds)
        var delay = min(interval, Self.firstDelay)
        while !Task.isCancelled {
            guard (try? await self.wall.sleep(until: self.wall.now + delay)) != nil else { return }
            delay = interval
            var lanes: Set<LaneID> = []
            await self.eachLane { lane in
                lanes.insert(lane)
                try await self.verify(lane)
            }
            if !Task.isCancelled { self.service.verifications.keep(lanes) }
        }
    }

    private func eachLane(_ body: (LaneID) async throws -> Void) async {
        do {
            for bucket in try await self.service.registry.all() {
                for lane in ObjectService.lanes(of: bucket) where !Task.isCancelled {
                    do {
                        try await body(lane)
                    } catch {
                        // A destination that is away, for example: the next round goes on from the same place.
                        self.logger.info(
                            "comparison of replicas broke off; going on in the next round",
                            metadata: ["lane": "\(lane)", "error": "\(error)"])
                    }
                }
            }
        } catch {
            self.logger.warning("buckets cannot be read for comparison", metadata: ["error": "\(error.message)"])
        }
    }

    private func verify(_ lane: LaneID) async throws {
        var record = try await self.service.verificationRecord(of: lane)
        if record.startedMs == 0 || !record.hasPosition { record.startedMs = self.wall.now.milliseconds }
        var options = BucketVerification.Options()
        // Small blocks, so that little is done anew when the process ends in the middle of one.
        options.rangesPerBlock = 16
        options.versionsPerStep = VerificationLimits.page
        var verification = BucketVerification(
            lane: lane, service: self.service, peer: self.peer, options: options,
            checkpoint: record.hasPosition ? record.position.place : nil,
            counts: record.hasPosition ? record.counts : VerificationCounts(), pause: self.pause)
        var checkpoint = verification.checkpoint
        var logged = 0
        while !verification.isDone {
            for finding in try await verification.step() where finding.kind.isDivergence {
                logged += 1
                if logged <= Self.maximumLogged { self.log(finding, lane) }
            }
            self.service.verifications.progressed(verification.counts, of: lane)
            guard let reached = verification.checkpoint, reached != checkpoint, !verification.isDone else { continue }
            checkpoint = reached
            record.position = reached.record
            record.counts = verification.counts
            try await self.service.keep(record, of: lane)
        }
        try await self.service.verificationFinished(verification)
        self.logger.debug(
            "replicas compared",
            metadata: [
                "lane": "\(lane)", "versions": "\(verification.counts.versions)",
                "divergent": "\(verification.counts.divergent)", "bytes": "\(verification.wireBytes)",
            ])
    }

    private func log(_ finding: VerificationFinding, _ lane: LaneID) {
        self.logger.warning(
            "a replica differs from its source",
            metadata: [
                "lane": "\(lane)", "key": "\(finding.place.key)", "version": "\(finding.place.version)",
                "kind": "\(finding.kind.rawValue)",
            ])
    }

    /// Between pages of this region's own versions: keeps to the rate.
    @Sendable
    private func pause() async -> Bool {
        let rest = Duration.seconds(VerificationLimits.page) / self.settings.versionsPerSecond
        guard (try? await self.wall.sleep(until: self.wall.now + rest)) != nil else { return false }
        return await Self.pause(for: self.clients, wall: self.wall, rests: Self.maximumLongRests)()
    }

    /// For comparisons that somebody waits for: they rest while clients keep the region busy, but not for long.
    static func pause(for clients: ClientActivity, wall: any WallClock, rests limit: Int = 1) -> VerificationPause {
        { @Sendable in
            var rests = 0
            while clients.isBusy, rests < limit {
                guard (try? await wall.sleep(until: wall.now + Self.longRest)) != nil else { return false }
                rests += 1
            }
            return !Task.isCancelled
        }
    }
}
