package import TernCore
package import TernRecords
package import TernS3Protocol

/// How the events of one target do, for people and for metrics (TGT-4).
package struct EventTargetReport: Sendable, Hashable {
    /// The ARN, or `eventbridge`.
    package var target: String
    /// `webhook`, `sqs`…; `missing` where the configuration does not name it.
    package var kind = ""
    /// `sending`, `backing off` or `closed`.
    package var state = "sending"
    package var queued = 0
    package var dead = 0
    /// When the oldest of those queued happened.
    package var oldest: Timestamp?
    /// Since the process began.
    package var delivered: UInt64 = 0
    /// Attempts that failed.
    package var failed: UInt64 = 0
    package var gaveUp: UInt64 = 0
    package var lastError = ""
    package var nextAttempt: Timestamp?

    package init(target: String) {
        self.target = target
    }
}

/// An event that was given up.
package struct DeadLetter: Sendable, Hashable {
    package var target: String
    package var bucket: String
    package var key: String
    /// Without `s3:`.
    package var event: String
    package var time: Timestamp
    package var givenUp: Timestamp
    package var attempts: Int
    package var error: String

    package init(_ record: EventRecord) {
        self.target = record.target
        self.bucket = record.bucket
        self.key = String(decoding: Array(record.key), as: UTF8.self)
        self.event =
            record.hasJob ? record.job.name : S3EventType(rawValue: UInt8(clamping: record.type))?.name ?? "TestEvent"
        self.time = Timestamp(milliseconds: record.timeMs)
        self.givenUp = Timestamp(milliseconds: record.givenUpMs)
        self.attempts = Int(record.attempts)
        self.error = record.lastError
    }
}

/// What operators ask of the events on their way.
package protocol EventOperator: Sendable {
    /// Every target of the configuration, and every other that has events.
    func report() async throws(S3Error) -> [EventTargetReport]
    func deadLetters(of target: String, limit: Int) async throws(S3Error) -> [DeadLetter]
    /// Puts dead letters back into their queues and tries again at once; `nil` means all targets. Returns how many.
    func redrive(_ target: String?) async throws(S3Error) -> Int
    /// Forgets the dead letters of a target. Returns how many.
    func discard(_ target: String) async throws(S3Error) -> Int
}
