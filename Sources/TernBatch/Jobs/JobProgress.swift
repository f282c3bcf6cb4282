/// How many tasks a job has, and how they ended (spec rule BR-TH-2).
package struct JobProgress: Hashable, Sendable {
    /// Executed tasks before the share of failures matters (spec rule BR-TH-1).
    package static let thresholdTasks: Int64 = 1000

    package var total: Int64
    package var succeeded: Int64
    package var failed: Int64

    package init(total: Int64 = 0, succeeded: Int64 = 0, failed: Int64 = 0) {
        self.total = total
        self.succeeded = succeeded
        self.failed = failed
    }

    package var executed: Int64 { self.succeeded + self.failed }

    package var isFinished: Bool { self.executed == self.total }

    /// Whether more than half of the tasks failed, of 1,000 or more (spec rule BR-TH-1).
    package var exceedsFailureThreshold: Bool {
        self.executed >= Self.thresholdTasks && self.failed * 2 > self.executed
    }
}
