import CRocksDB
import Foundation
import Logging
import TernStorage

/// The one thread that writes to the database.
///
/// 1. It takes every batch that waits, where ``CommitPace`` says so after a moment; 2. checks their preconditions, one after the other, against the database and
/// what the batches before them write; 3. writes those that hold in one synced write; 4. answers all. Batches that
/// arrive meanwhile form the next group, so the cost of a sync is shared by as many callers as there are.
final class CommitLoop: Sendable {
    private let queue: CommitQueue
    private let gate: DatabaseGate
    private let opener: DatabaseOpener
    private let statistics: CommitStatistics
    private let logger: Logger

    init(
        queue: CommitQueue, gate: DatabaseGate, opener: DatabaseOpener, statistics: CommitStatistics, logger: Logger
    ) {
        self.statistics = statistics
        self.queue = queue
        self.gate = gate
        self.opener = opener
        self.logger = logger
    }

    /// Starts the thread, which ends when the queue is closed.
    func start(_ database: Database) {
        Thread.detachNewThread {
            Thread.current.name = "tern-commit"
            self.run(database)
        }
    }

    private func run(_ database: Database) {
        var recovery = CommitRecovery(database: database, gate: self.gate, opener: self.opener, logger: self.logger)
        // RocksDB counts events per thread unless told not to.
        rocksdb_set_perf_level(Int32(rocksdb_disable))
        guard var group = CommitGroup() else { preconditionFailure("no memory for the commit loop") }
        var garbage = GarbageWatch(interval: self.opener.options.garbageCheckInterval, logger: self.logger)
        var pace = CommitPace(goal: self.opener.options.commitsToGather)
        while case let count = self.queue.wait(), count > 0 {
            if let pause = pace.pause(waiting: count, at: .now) { self.queue.gather(pause.count, for: pause.moment) }
            let waiting = self.queue.take()
            pace.began(waiting.count, at: .now)
            // One database for the checks and the write: reopening in between could change what was checked.
            var database = recovery.databaseForWriting()
            for commit in waiting {
                guard let current = database else {
                    self.statistics.failed(1)
                    commit.answer(.failure(recovery.failure))
                    continue
                }
                group.add(commit, database: current)
                guard group.isFull else { continue }
                self.finish(&group, current, &recovery)
                database = recovery.databaseForWriting()
            }
            if let database { self.finish(&group, database, &recovery) }
            if let database, !database.isReadOnly { garbage.look(at: database) }
        }
        _ = self.gate.suspend()
        recovery.closeDatabase()
        self.gate.close()
        self.queue.didClose()
    }

    /// Writes the group and answers its callers.
    private func finish(_ group: inout CommitGroup, _ database: Database, _ recovery: inout CommitRecovery) {
        let (joined, refused) = group.counts
        guard group.hasWrites else {
            self.statistics.synced(committed: 0, refused: refused)
            group.finish(failure: nil)
            return
        }
        do throws(StorageError) {
            try group.write(to: database)
            self.statistics.synced(committed: joined, refused: refused)
            group.finish(failure: nil)
            recovery.writeSucceeded()
        } catch {
            self.statistics.failed(joined + refused)
            group.finish(failure: error)
            recovery.writeFailed(error)
        }
    }
}
