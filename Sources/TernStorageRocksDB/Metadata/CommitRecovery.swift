import Logging
import TernStorage

/// Brings the database back after a write failed, while reads go on.
///
/// RocksDB refuses all writes after one to its log failed, because it cannot know what is on the disk. For a full disk it
/// resumes by itself once there is room; otherwise the database has to be opened again, which reads the log back from
/// the disk. Belongs to the thread of the commit loop.
struct CommitRecovery {
    /// What the last attempt to write or to open met.
    private(set) var failure = StorageError(.io, "the database has not failed")

    private var database: Database?
    private var isFailed = false
    private var nextReopening: ContinuousClock.Instant?
    private var reopeningDelay: Duration

    private let gate: DatabaseGate
    private let opener: DatabaseOpener
    private let logger: Logger

    private static let reopeningDelayMax = Duration.seconds(60)
    /// Opening writes what the log holds into new files; without this much room it is not tried.
    private static let reopeningByteCountMin: Int64 = 32 << 20

    init(database: Database, gate: DatabaseGate, opener: DatabaseOpener, logger: Logger) {
        self.database = database
        self.reopeningDelay = opener.options.reopeningDelayMin
        self.gate = gate
        self.opener = opener
        self.logger = logger
    }

    /// The database, if it is worth a try; otherwise ``failure`` says what is wrong.
    mutating func databaseForWriting() -> Database? {
        if self.isFailed { self.reopenIfDue() }
        guard let database = self.database, !database.isReadOnly else { return nil }
        return database
    }

    mutating func writeSucceeded() {
        guard self.isFailed else { return }
        self.isFailed = false
        self.nextReopening = nil
        self.reopeningDelay = self.opener.options.reopeningDelayMin
        self.logger.notice("commits are durable again", metadata: ["directory": "\(self.opener.directory)"])
    }

    mutating func writeFailed(_ error: StorageError) {
        self.failure = error
        if !self.isFailed {
            self.isFailed = true
            self.nextReopening = .now + self.reopeningDelay
            self.logger.error("a commit failed", metadata: ["error": "\(error)"])
        }
    }

    func closeDatabase() {
        self.database?.close()
    }

    private mutating func reopenIfDue() {
        guard let due = self.nextReopening, due <= .now, self.hasRoom() else { return }
        self.reopeningDelay = min(self.reopeningDelay * 2, Self.reopeningDelayMax)
        self.nextReopening = .now + self.reopeningDelay
        self.gate.suspend()?.close()
        self.database = nil
        do throws(StorageError) {
            let database = try self.opener.open()
            self.database = database
            self.gate.resume(with: database)
            self.logger.notice("opened the database again", metadata: ["directory": "\(self.opener.directory)"])
        } catch {
            self.failure = error
            self.logger.error("could not open the database again", metadata: ["error": "\(error)"])
            self.continueReading()
        }
    }

    private mutating func continueReading() {
        do throws(StorageError) {
            let database = try self.opener.openForReading()
            self.database = database
            self.gate.resume(with: database)
        } catch {
            self.failure = error
            self.gate.resume(failing: error)
        }
    }

    private func hasRoom() -> Bool {
        guard self.failure.code == .noSpace else { return true }
        do throws(StorageError) {
            return try FileSystem.freeByteCount(at: self.opener.directory) >= Self.reopeningByteCountMin
        } catch {
            return true
        }
    }
}
