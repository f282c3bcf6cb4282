package import Logging
import NIOCore
import TernCore
package import TernObjects
package import TernPorts
import TernRecords
import TernS3Protocol

/// Writes the records that wait as objects into the target buckets, at an interval.
///
/// The objects are written past the S3 API, so no delivery makes a record of its own: a bucket that logs into itself
/// does not log its logs, as it would at S3.
package struct AccessLogDelivery: Sendable {
    private let log: AccessLog
    private let service: ObjectService
    private let identities: any IdentityStore
    private let wall: any WallClock
    private let interval: Duration
    private let logger: Logger

    package init(
        log: AccessLog, service: ObjectService, identities: any IdentityStore, wall: any WallClock,
        interval: Duration, logger: Logger
    ) {
        self.log = log
        self.service = service
        self.identities = identities
        self.wall = wall
        self.interval = interval
        self.logger = logger
    }

    /// Delivers until the task is cancelled, and then once more what is left.
    package func run() async {
        while (try? await self.wall.sleep(until: self.wall.now + self.interval)) != nil {
            await self.deliver()
        }
        // This task is cancelled, which must not reach the last writes.
        await Task.detached { await self.deliver() }.value
    }

    /// Delivers what waits now.
    package func deliver() async {
        let (batches, droppedCount) = self.log.take()
        if droppedCount > 0 {
            self.logger.warning(
                "access log records dropped: more came than the buffer holds", metadata: ["count": "\(droppedCount)"])
        }
        for batch in batches { await self.deliver(batch) }
    }

    private func deliver(_ batch: AccessLog.Batch) async {
        let destination = batch.destination
        let key = destination.logging.logKey(
            sourceAccount: destination.owner, sourceRegion: self.service.region, sourceBucket: destination.bucket,
            delivered: self.wall.now, day: Timestamp(seconds: destination.day * 86400),
            unique: self.service.clock.randomBits())
        do {
            let target = try await self.service.registry.state(destination.logging.targetBucket)
            // The target may have been deleted and made anew by someone else since logging was switched on.
            guard target.owner == destination.owner, let objectKey = try? ObjectKey(key) else { return }
            var attributes = ObjectAttributes()
            attributes.systemMetadata = [HeaderPair(name: "content-type", value: "text/plain")]
            await self.addGrants(of: destination.logging, to: &attributes, in: target)
            _ = try await self.service.putObject(
                objectKey, in: target.name, attributes: attributes, body: LogBody(batch.lines),
                digests: ExpectedDigests(), condition: .none)
        } catch {
            if error.status >= 500 { self.log.restore(batch) }
            self.logger.warning(
                "access log not delivered",
                metadata: [
                    "bucket": "\(destination.bucket)", "target": "\(destination.logging.targetBucket)",
                    "error": "\(error.code)", "will-retry": "\(error.status >= 500)",
                ])
        }
    }

    /// Gives the log object its owner and the grants of the configuration, as far as the target bucket takes them today:
    /// it may have switched ACLs off, or public ones, since logging was switched on.
    ///
    /// Source: Amazon S3 API Reference, PutBucketLogging: the bucket's owner has full control of all logs.
    private func addGrants(
        of logging: LoggingConfiguration, to attributes: inout ObjectAttributes, in target: BucketState
    ) async {
        if target.ownership == .bucketOwnerEnforced { return }
        attributes.owner = target.owner
        var grants = logging.targetGrants
        if target.publicAccessBlock.blockPublicAcls { grants = grants.withoutPublicGrants }
        // The owner's account is of the configuration, and may have been taken away from it.
        guard !grants.grants.isEmpty, let owner = await self.identities.account(target.owner) else { return }
        var list = AccessControlList.ownerOnly(owner.canonicalID)
        for grant in grants.grants where !list.grants.contains(grant) { list.grants.append(grant) }
        attributes.accessControlList = list
    }
}

/// The lines of one log object.
private actor LogBody: HTTPBodySource {
    private var lines: ByteBuffer?

    init(_ lines: [UInt8]) {
        self.lines = ByteBuffer(bytes: lines)
    }

    func next() async throws -> ByteBuffer? {
        defer { self.lines = nil }
        return self.lines
    }
}
