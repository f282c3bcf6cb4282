import TernCore
import TernRecords

/// Invariant 3, when everything has settled.
extension Book {
    /// Whether an attribute of a version goes to the destination of a change at all, and its ties are decided by the
    /// values alone: that of a retention is by what protects longer, which time changes.
    static func follows(
        _ change: CompletedChange, _ name: AttributeName, from source: BucketBook, to destination: BucketBook
    ) -> Bool {
        switch name {
        case .acl: !change.ownerOverride && source.hasACLs && destination.hasACLs
        case .retention: false
        case .tags, .legalHold: true
        }
    }

    /// Of two values that clients gave one stamp, a bucket that was told of both has kept one. All buckets have to decide
    /// alike: the other one must not have won anywhere.
    mutating func note(winner: String, over loser: String?, of version: VersionID, _ name: AttributeName) {
        guard let loser, loser != winner else { return }
        self.wonTies.insert(Tie(attribute: name, winner: winner, loser: loser))
        if self.wonTies.contains(Tie(attribute: name, winner: loser, loser: winner)) {
            self.report(
                .convergence,
                "\(version): of the \(name.rawValue) \(winner) and \(loser) under one stamp, each has won once")
        }
    }

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
            for name in AttributeName.allCases where Self.follows(change, name, from: source, to: destination) {
                let told = name.stamp(change.stamps)
                if told != 0, told == name.stamp(there.record) {
                    self.note(
                        winner: name.value(there.record), over: change.values[name], of: change.version, name)
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
