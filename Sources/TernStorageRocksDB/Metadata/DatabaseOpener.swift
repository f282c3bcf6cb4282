import Logging
import TernStorage

/// Opens the database of a directory, and decides what an unclean end of its log means.
struct DatabaseOpener: Sendable {
    let directory: String
    let options: RocksDBOptions
    let logger: Logger

    /// Opens for reading and writing.
    ///
    /// The log of commits may end in the middle of a record: the process died while it wrote, and nobody was told that
    /// the commit is durable. Such a tail is dropped. Any other flaw in the log is damage to acknowledged commits, and
    /// the database stays closed. RocksDB's own recovery modes do not make that difference: "point in time" drops every
    /// commit after a flipped bit without a word, "absolute consistency" refuses torn tails too. So the strict mode comes
    /// first, and the lenient one only after ``WriteAheadLogs`` found that the flaw is a torn tail.
    func open() throws(StorageError) -> Database {
        do throws(StorageError) {
            return try Database(directory: self.directory, options: self.options, recovery: .refuseDamage)
        } catch {
            guard error.code == .damaged, try WriteAheadLogs(directory: self.directory).inspect() == .torn else {
                throw error
            }
            self.logger.warning(
                "dropping the unfinished end of the commit log; no acknowledged commit is in it",
                metadata: ["directory": "\(self.directory)", "reason": "\(error.message)"]
            )
            return try Database(directory: self.directory, options: self.options, recovery: .dropTornTail)
        }
    }

    /// Opens without writing anything, so that reads can go on when ``open()`` fails.
    func openForReading() throws(StorageError) -> Database {
        try Database(directory: self.directory, options: self.options, recovery: .dropTornTail, isReadOnly: true)
    }
}
