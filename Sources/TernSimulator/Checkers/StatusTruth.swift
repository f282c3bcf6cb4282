import TernCore
import TernRecords

/// Invariant 2: COMPLETED is what the destination holds, FAILED has a cause, and PENDING has a task.
extension Book {
    /// Wherever a version is pending, a task stands for it; and a task that is gone has left an outcome.
    mutating func checkPending(_ event: CommitEvent) {
        guard let book = self.buckets[event.bucket] else { return }
        var copies: [VersionID: Copy] = [:]
        for copy in event.created + event.changed.map(\.after) { copies[copy.id] = copy }
        for task in event.settledTasks { copies[task.id] = book.versions[task.id] }
        for copy in copies.values {
            for state in copy.record.destinations {
                let components: [AttributeName?] = [nil] + AttributeName.allCases
                for attribute in components where state.status(of: attribute) == .pending {
                    let hasTask = book.tasks.values.contains {
                        $0.id == copy.id && $0.record.destinationBucket == state.destinationBucket
                            && $0.record.attribute == attribute
                    }
                    if hasTask { continue }
                    self.report(
                        .lostIntent,
                        "\(book.name)/\(copy.key) is pending for \(state.destinationBucket) with its "
                            + "\(attribute?.rawValue ?? "data"), and no task stands for it")
                }
            }
        }
    }

    /// What became of the tasks that this commit has removed.
    mutating func checkOutcomes(_ event: CommitEvent) {
        guard let book = self.buckets[event.bucket] else { return }
        for task in event.settledTasks {
            // The version was deleted while the task waited (T-20).
            guard let copy = book.versions[task.id] else { continue }
            let destination = task.record.destinationBucket
            guard let state = copy.record.destinations.first(where: { $0.destinationBucket == destination }) else {
                self.report(.statusTruth, "\(book.name)/\(copy.key): a task without a status, to \(destination)")
                continue
            }
            let outcome = state.status(of: task.record.attribute)
            if outcome == .failed {
                // That of a later change of the attribute, whose task ended first and had a cause of its own: another
                // configuration may have made it.
                if let attribute = task.record.attribute, task.record.attributeStamp < attribute.stamp(copy.record) {
                    continue
                }
                if !self.hasCause(state.failureReason, task, book) {
                    self.report(
                        .statusTruth,
                        "\(book.name)/\(copy.key) failed for \(destination) without a cause: \(state.failureReason)")
                }
            } else if outcome == .pending {
                // A later change of the attribute, which has a task of its own.
                continue
            } else if outcome == .completed {
                self.checkCompletion(task, copy, in: book, event: event)
            } else {
                self.report(
                    .lostIntent, "\(book.name)/\(copy.key): the task to \(destination) is gone, and nothing came of it")
            }
        }
    }

    private mutating func checkCompletion(
        _ task: TaskEntry, _ copy: Copy, in book: BucketBook, event: CommitEvent
    ) {
        let name = task.record.destinationBucket
        let what = "\(book.name)/\(copy.key) is completed for \(name)"
        let removed = self.wasRemoved(task.id, fromBucketNamed: name)
        guard let destination = self.bucket(named: name), let replica = destination.versions[task.id] else {
            if !removed { self.report(.statusTruth, "\(what), which does not hold it") }
            return
        }
        if let problem = Self.difference(copy.record, replica.record) {
            self.report(.statusTruth, "\(what), which holds another \(problem)")
        }
        let have = Stamps(replica.record)
        // Until now the commit has only what the task was made for.
        if have.tags < task.stamps.tags { self.report(.statusTruth, "\(what), which has older tags") }
        if have.legalHold < task.stamps.legalHold {
            self.report(.statusTruth, "\(what), which has an older legal hold")
        }
        if destination.hasACLs, !task.record.ownerOverride, have.acl < task.stamps.acl {
            self.report(.statusTruth, "\(what), which has an older ACL")
        }
        // What the role may not read it cannot have brought (L-11).
        if !copy.record.isDeleteMarker, self.isUnreadable(copy.record, in: book) {
            self.report(.permission, "\(what), though its owner does not let the role read it")
        }
        let change = CompletedChange(
            source: event.bucket, destination: name, version: task.id, stamps: task.stamps, values: task.values,
            isOfData: task.record.isOfData, ownerOverride: task.record.ownerOverride)
        for attribute in AttributeName.allCases
        where Self.follows(change, attribute, from: book, to: destination) {
            let told = attribute.stamp(task.stamps)
            guard told != 0, told == attribute.stamp(have) else { continue }
            self.note(
                winner: attribute.value(replica.record), over: task.values[attribute], of: task.id, attribute)
        }
        self.completed.append(change)
    }
}
