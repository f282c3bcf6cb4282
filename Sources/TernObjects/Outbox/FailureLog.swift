package import Logging
import Synchronization
import TernCore
import TernRecords
import TernReplication

/// Writes a line for each replication that failed for good: what, where to, and why. No bodies, no metadata, no keys.
///
/// A cause that strikes all versions of a rule would fill the log: of each lane and reason there are a few lines a
/// minute, and then one that says how many were left out.
package final class FailureLog: Sendable {
    private struct Kind: Hashable {
        var lane: LaneID
        var reason: ReplicationFailureReason
    }

    private struct Window {
        var start: Timestamp
        var lines = 0
        var leftOut: Int64 = 0
    }

    private static let windowMilliseconds: Int64 = 60_000
    private static let linesPerWindow = 10
    /// Lanes and reasons that are kept apart; beyond, all windows begin anew.
    private static let maximumKinds = 10_000

    private let logger: Logger
    private let windows = Mutex<[Kind: Window]>([:])

    package init(logger: Logger) {
        self.logger = logger
    }

    /// To be told of every group of outcomes that is committed.
    package func record(_ settled: [SettledTask]) {
        for one in settled {
            switch one.outcome {
            case .refused(let reason): self.record(one, reason, operation: one.task.kind.planned.s3Operation)
            // The object is there; its tags are not (T-15).
            case .done(_, let reason?): self.record(one, reason, operation: PlannedTask.Kind.tags.s3Operation)
            case .done, .cancelled: break
            }
        }
    }

    private func record(_ one: SettledTask, _ reason: ReplicationFailureReason, operation: String) {
        let leftOut = self.windows.withLock { windows -> Int64? in
            if windows.count >= Self.maximumKinds { windows.removeAll() }
            let kind = Kind(lane: one.lane, reason: reason)
            var window = windows[kind] ?? Window(start: one.time)
            var leftOut: Int64 = 0
            if one.time.milliseconds - window.start.milliseconds >= Self.windowMilliseconds {
                leftOut = window.leftOut
                window = Window(start: one.time)
            }
            defer { windows[kind] = window }
            if window.lines >= Self.linesPerWindow {
                window.leftOut += 1
                return nil
            }
            window.lines += 1
            return leftOut
        }
        guard let leftOut else { return }
        var metadata: Logger.Metadata = [
            "reason": "\(reason.rawValue)", "operation": "\(operation)", "source": "\(one.lane.sourceBucket)",
            "destination": "\(one.lane.destinationBucket)", "rule": "\(one.task.ruleID)",
            "key": "\(ObjectKey(trusted: Array(one.task.key)))", "version": "\(one.task.version.versionID)",
        ]
        if leftOut > 0 { metadata["leftOutBefore"] = "\(leftOut)" }
        self.logger.warning("replication failed", metadata: metadata)
    }
}
