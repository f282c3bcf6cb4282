import TernCore
import TernRecords

/// Invariant 3, when everything has settled.
extension Book {
    /// What two buckets were told of each other's versions, they have.
    mutating func checkConvergence() {
        for change in self.completed {
            guard let source = self.buckets[change.source], let here = source.versions[change.version],
                let destination = self.bucket(named: change.destination),
                let there = destination.versions[change.version]
            else { continue }
            let what = "\(change.version) in \(source.name) and \(destination.name)"
            if let problem = Self.difference(here.record, there.record) {
                self.report(.convergence, "\(what): another \(problem)")
            }
            for name in AttributeName.allCases {
                if name == .acl, change.ownerOverride || !source.hasACLs || !destination.hasACLs { continue }
                let (one, other) = (name.stamp(here.record), name.stamp(there.record))
                guard one == other, one != 0, name.value(here.record) != name.value(there.record) else { continue }
                // A tie that only one side has heard of is no contradiction.
                let values = self.written[.init(version: change.version, attribute: name, stamp: one)] ?? []
                let isToldBothWays =
                    name.stamp(change.stamps) == one
                    && self.completed.contains {
                        $0.version == change.version && $0.destination == source.name
                            && self.buckets[$0.source]?.name == destination.name && name.stamp($0.stamps) == one
                    }
                if isToldBothWays || values.count < 2 {
                    self.report(.convergence, "\(what): another \(name.rawValue) under one stamp")
                }
            }
        }
    }

    /// Where everything replicates to everywhere, everything has to be the same everywhere.
    mutating func checkMesh() {
        let books = self.buckets.values.filter { !$0.isGone }.sorted { $0.name < $1.name }
        let removed = books.reduce(into: Set<VersionID>()) { $0.formUnion($1.removed) }
        // Archived objects do not replicate (L-09).
        let made = Set(self.origins.filter { $0.value.record.storageClass != "GLACIER" }.keys)
        for book in books {
            for id in made.subtracting(removed).sorted() where book.versions[id] == nil {
                self.report(.convergence, "\(id) is not in \(book.name)")
            }
        }
        for id in made.sorted() {
            let copies = books.compactMap { book in book.versions[id].map { (book, $0) } }
            guard let (first, one) = copies.first else { continue }
            for (book, other) in copies.dropFirst() {
                if let problem = Self.difference(one.record, other.record) {
                    self.report(.convergence, "\(id) in \(first.name) and \(book.name): another \(problem)")
                }
                // What was removed somewhere cannot pass changes on from there.
                if removed.contains(id) { continue }
                for name in AttributeName.allCases where name != .retention {
                    if name == .acl, !first.hasACLs || !book.hasACLs { continue }
                    if name.value(one.record) != name.value(other.record) {
                        self.report(
                            .convergence,
                            "\(id) in \(first.name) and \(book.name): other \(name.rawValue), "
                                + "\(name.value(one.record)) and \(name.value(other.record)), stamps "
                                + "\(name.stamp(one.record)) and \(name.stamp(other.record))\(Self.failures(copies))")
                    }
                }
            }
        }
    }

    private static func failures(_ copies: [(BucketBook, Copy)]) -> String {
        copies.flatMap { book, copy in
            copy.record.destinations.filter { !$0.failureReason.isEmpty }.map {
                "; \(book.name) to \($0.destinationBucket): \($0.failureReason)"
            }
        }.joined()
    }

    /// Nothing waits any more (liveness).
    mutating func checkRest() {
        for book in self.buckets.values.filter({ !$0.isGone }).sorted(by: { $0.name < $1.name }) {
            if let task = book.tasks.values.min(by: { $0.id < $1.id }) {
                self.report(
                    .liveness,
                    "\(book.name): \(book.tasks.count) tasks are left, one of them to \(task.record.destinationBucket) "
                        + "after \(task.record.attempts) attempts: \(task.record.lastError)")
            }
            for copy in book.versions.values.sorted(by: { $0.id < $1.id })
            where copy.record.destinations.contains(where: { $0.allStates.contains(.pending) }) {
                self.report(.liveness, "\(book.name)/\(copy.key) is pending for good")
            }
        }
    }
}
