package import TernS3Protocol

/// One message on its way to a target.
package struct EventMessage: Sendable {
    /// The same for each repetition, so that receivers can tell (TGT-2). 32 hexadecimal digits.
    package var id: String
    /// The event; `nil` for the message that tells a destination that it is one.
    package var event: S3Event?
    /// The document.
    package var body: [UInt8]
    /// The ARN of the destination.
    package var target: String
    package var bucket: String
    /// The 12-digit account that owns the bucket.
    package var account: String
    /// The `X-Amzn-Trace-Id` of the request; empty without.
    package var traceHeader: String
    /// What it tells of a job, which is in no bucket.
    package var job: JobEvent?

    package init(id: String, job: JobEvent, body: [UInt8], target: String, account: String) {
        // Where subjects have the bucket's name, something has to stand.
        self.init(
            id: id, event: nil, body: body, target: target, bucket: "jobs", account: account, traceHeader: "")
        self.job = job
    }

    package init(
        id: String, event: S3Event?, body: [UInt8], target: String, bucket: String, account: String,
        traceHeader: String
    ) {
        self.id = id
        self.event = event
        self.body = body
        self.target = target
        self.bucket = bucket
        self.account = account
        self.traceHeader = traceHeader
    }

    /// As S3 names the event, without `s3:`.
    package var eventName: String { self.event?.type.name ?? self.job?.name ?? "TestEvent" }

    /// What it tells of: the bucket, or the job.
    package var sourceARN: String { self.job?.jobARN ?? "arn:aws:s3:::\(self.bucket)" }

    /// The ID in the form of a UUID.
    package var uuid: String { EventBridgeMessage.uuid(self.id) }
}

/// What a target made of a message.
package enum DeliveryResult: Sendable, Hashable {
    /// It has acknowledged it.
    case delivered
    /// It does not take this message, as it stands; others may go.
    case refused(String)
    /// It cannot be reached, or takes nothing now: that says nothing about the message.
    case unavailable(String)
    /// It wants no message any more (410).
    case closed(String)

    /// What went wrong; `nil` where nothing did.
    package var error: String? {
        switch self {
        case .delivered: nil
        case .refused(let error), .unavailable(let error), .closed(let error): error
        }
    }
}

/// A place that events are sent to.
package protocol EventTarget: Sendable {
    /// Sends messages about different object keys, in any order. The results are in the order of the messages.
    func deliver(_ messages: [EventMessage]) async -> [DeliveryResult]

    /// Closes what is open. Nothing is delivered afterwards.
    func shutDown() async
}

/// A target that takes one message at a time, several of them at once.
protocol SingleMessageTarget: EventTarget {
    func deliver(_ message: EventMessage) async -> DeliveryResult
}

extension SingleMessageTarget {
    package func deliver(_ messages: [EventMessage]) async -> [DeliveryResult] {
        if messages.count == 1 { return [await self.deliver(messages[0])] }
        var results = [DeliveryResult](repeating: .unavailable("not sent"), count: messages.count)
        await withTaskGroup(of: (Int, DeliveryResult).self) { group in
            var next = 0
            func startNext() {
                guard next < messages.count else { return }
                let index = next
                next += 1
                group.addTask { (index, await self.deliver(messages[index])) }
            }
            for _ in 0..<maximumConcurrency { startNext() }
            while let (index, result) = await group.next() {
                results[index] = result
                startNext()
            }
        }
        return results
    }
}

private let maximumConcurrency = 16
