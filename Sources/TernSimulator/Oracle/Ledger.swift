import Synchronization
import TernCore
import TernStorage

/// The books behind a lock.
final class Ledger: CommitWatcher {
    private let book: Mutex<Book>
    private let timeline: Timeline

    init(book: Book, timeline: Timeline) {
        self.book = Mutex(book)
        self.timeline = timeline
    }

    func committed(_ batch: MetadataBatch, by doer: Doer, in region: String) {
        let now = self.timeline.now
        self.book.withLock { $0.take(batch, by: doer, in: region, at: now) }
    }

    func read<Result: Sendable>(_ body: (borrowing Book) -> Result) -> Result {
        self.book.withLock { body($0) }
    }

    func write(_ body: (inout Book) -> Void) {
        let now = self.timeline.now
        self.book.withLock { book in
            book.now = now
            body(&book)
        }
    }

    func report(_ invariant: Invariant, _ message: String) {
        self.write { $0.report(invariant, message) }
    }

    var hasViolation: Bool { self.book.withLock { !$0.violations.isEmpty } }
}
