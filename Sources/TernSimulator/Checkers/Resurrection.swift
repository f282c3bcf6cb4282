/// Invariant 5: a version that was removed from a bucket for good never comes back (L-16).
extension Book {
    mutating func checkResurrection(_ event: CommitEvent) {
        guard let book = self.buckets[event.bucket] else { return }
        for copy in event.created where book.removed.contains(copy.id) {
            self.report(.resurrection, "\(copy.id) was deleted in \(book.name), and is there again")
        }
    }
}
