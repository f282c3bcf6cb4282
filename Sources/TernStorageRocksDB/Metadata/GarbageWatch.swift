import Logging
import TernStorage

/// Looks now and then how much garbage the separate values have, and has compaction collect accordingly.
struct GarbageWatch {
    private let interval: Duration
    private let logger: Logger
    private var collection = SeparateValueCollection()
    /// Which database the options were set for: one that is opened again begins with none. Kept, closed as it may be, so
    /// that the next one cannot be taken for it.
    private var watched: Database?
    private var next = ContinuousClock.now

    init(interval: Duration, logger: Logger) {
        self.interval = interval
        self.logger = logger
    }

    /// Called between commits; most calls only read the clock.
    mutating func look(at database: Database) {
        let now = ContinuousClock.now
        let isSame = self.watched === database
        guard now >= self.next || !isSame else { return }
        self.next = now + self.interval
        if !isSame {
            self.watched = database
            self.collection = SeparateValueCollection()
        }
        guard
            let live = database.property("rocksdb.live-blob-file-size"),
            let garbage = database.property("rocksdb.live-blob-file-garbage-size")
        else { return }
        let before = self.collection
        guard self.collection.update(liveByteCount: live, garbageByteCount: garbage) else { return }
        do throws(StorageError) {
            try database.set(self.collection.options)
        } catch {
            // Asked again at the next look: until then garbage is collected as before.
            self.collection = before
            self.logger.warning("Garbage of separate values is collected as before", metadata: ["error": "\(error)"])
        }
    }
}
