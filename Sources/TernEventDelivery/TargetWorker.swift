import Logging
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol
import TernStorage

/// Sends the events of one target, whatever buckets they come from: one page of one bucket after the other, so that none
/// waits for the backlog of another. What becomes of one target says nothing about the next.
final class TargetWorker: Sendable {
    let configuration: TargetConfiguration
    private let target: any EventTarget
    private let context: EventDeliveryContext
    let mailbox = TargetMailbox()
    let health = TargetHealth()

    /// Sent at once. Also a bound of memory: bodies are made for so many.
    private static let batchSize = 64
    /// Looked at, at once: so many may rest before others of the same bucket have to wait with them.
    private static let pageSize = 256
    /// After a failure of the store.
    private static let storeDelay = Duration.seconds(1)

    init(_ configuration: TargetConfiguration, target: any EventTarget, context: EventDeliveryContext) {
        self.configuration = configuration
        self.target = target
        self.context = context
    }

    func run() async {
        var backoff = TargetBackoff(maximum: self.configuration.maximumBackoff)
        while !Task.isCancelled {
            guard let lane = await self.mailbox.next(resting: backoff.until, wall: self.context.wall) else { break }
            await self.work(on: lane, backoff: &backoff)
            self.health.note(backoff)
        }
        await self.target.shutDown()
    }

    private func work(on lane: TargetMailbox.Lane, backoff: inout TargetBackoff) async {
        do {
            try await self.sendPage(of: lane, backoff: &backoff)
        } catch {
            self.context.logger.warning(
                "events cannot be read or settled; trying again",
                metadata: ["target": "\(self.configuration.arn)", "error": "\(error.message)"])
            self.mailbox.wait(lane, until: self.context.wall.now + Self.storeDelay)
        }
    }

    private func sendPage(of entry: TargetMailbox.Lane, backoff: inout TargetBackoff) async throws(S3Error) {
        let queue = self.context.service.events
        let lane = entry.lane
        // All that was committed until now has an earlier stamp, unless it lies ahead.
        let bound = self.context.service.clock.stamp()
        let (events, end) = try await queue.page(
            of: lane, from: entry.cursor, before: bound, limit: Self.pageSize)
        let now = self.context.wall.now
        let page = EventPage(
            events, at: now, limit: backoff.isProbing ? 1 : Self.batchSize, retention: self.configuration.retention)
        var outcomes: [(event: StoredEvent, outcome: EventOutcome)] = page.expired.map {
            ($0, .gaveUp($0.record.lastError.isEmpty ? "it grew too old" : $0.record.lastError))
        }
        outcomes += try await self.send(page.sendable, lane: lane, backoff: &backoff)
        try await queue.settle(outcomes, of: lane, at: self.context.wall.now)
        self.health.note(outcomes.map(\.outcome))

        let failed = outcomes.first { if case .failed = $0.outcome { true } else { false } }
        let kept = [page.firstHeld, failed?.event.row].compactMap(\.self).min { KeyOrder.precedes($0, $1) }
        let cursor = kept ?? end.map { $0 + [0] } ?? entry.cursor
        // All that was looked at may rest: then those behind it have to wait, too.
        let isStuck = page.sendable.isEmpty && page.expired.isEmpty && page.nextAttempt != nil
        if failed != nil || page.hasMore || (end != nil && !isStuck) {
            self.mailbox.more(entry, cursor: cursor)
        } else if let next = page.nextAttempt {
            self.mailbox.wait(entry, until: next, cursor: cursor)
        } else if let next = try await queue.nextDue(of: lane, from: bound) {
            self.mailbox.wait(entry, until: Timestamp(milliseconds: next.milliseconds), cursor: cursor)
        } else {
            self.mailbox.finished(entry, cursor: cursor)
        }
    }

    private func send(
        _ events: [StoredEvent], lane: EventLane, backoff: inout TargetBackoff
    ) async throws(S3Error) -> [(event: StoredEvent, outcome: EventOutcome)] {
        var outcomes: [(event: StoredEvent, outcome: EventOutcome)] = []
        var sent: [StoredEvent] = []
        var messages: [EventMessage] = []
        for event in events {
            guard self.configuration.takes(account: event.record.bucketOwner) else {
                outcomes.append((event, .gaveUp("the target takes no events of account \(event.record.bucketOwner)")))
                continue
            }
            if try await self.context.service.isStillTrue(event.record, in: lane.partition),
                let message = await self.context.message(for: event.record)
            {
                sent.append(event)
                messages.append(message)
            } else {
                outcomes.append((event, .dropped))
            }
        }
        guard !messages.isEmpty else { return outcomes }
        let results = await self.target.deliver(messages)
        // An attempt that ended because the process stops says nothing.
        let isStopping = Task.isCancelled
        let now = self.context.wall.now
        var failure: String?
        for (event, result) in zip(sent, results) {
            if isStopping, result != .delivered { continue }
            switch result {
            case .delivered: outcomes.append((event, .delivered))
            case .refused(let error): outcomes.append((event, self.afterFailure(of: event, error: error, at: now)))
            case .unavailable(let error), .closed(let error):
                failure = failure ?? error
                outcomes.append((event, self.afterFailure(of: event, error: error, at: now, isOfTarget: true)))
                if case .closed = result { self.mailbox.close() }
            }
        }
        if let failure {
            backoff.failed(failure, at: now, jitter: self.context.random.nextFraction())
            // Once for each time that it goes down.
            if backoff.failures == 1 {
                self.context.logger.warning(
                    "a target of events does not take them; they wait",
                    metadata: ["target": "\(self.configuration.arn)", "error": "\(failure)"])
            }
        } else {
            if backoff.isProbing {
                self.context.logger.info(
                    "a target of events takes them again", metadata: ["target": "\(self.configuration.arn)"])
            }
            backoff.succeeded()
        }
        return outcomes
    }

    /// - Parameter isOfTarget: Whether the target rests as a whole, so that the event need not.
    private func afterFailure(
        of event: StoredEvent, error: String, at now: Timestamp, isOfTarget: Bool = false
    ) -> EventOutcome {
        let attempts = Int(event.record.attempts) + 1
        if let maximum = self.configuration.maximumAttempts, attempts >= maximum { return .gaveUp(error) }
        if isOfTarget { return .failed(error, notBefore: now) }
        return .failed(
            error,
            notBefore: now
                + TargetBackoff.delay(
                    afterFailure: attempts, maximum: self.configuration.maximumBackoff,
                    jitter: self.context.random.nextFraction()))
    }
}
