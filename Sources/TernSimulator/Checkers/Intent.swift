import TernCore
import TernRecords

/// Invariants 1 and 4: a client's change has exactly the tasks that the specification demands, in its own commit; and
/// what replication writes has none.
extension Book {
    mutating func checkIntent(_ event: CommitEvent) {
        guard let book = self.buckets[event.bucket] else { return }
        guard case .client = event.doer else {
            if let task = event.addedTasks.first?.entry {
                self.report(
                    .echo, "\(book.name): replication made a task of its own, to \(task.record.destinationBucket)")
            }
            return
        }
        for copy in event.created {
            let change: NaivePlanner.Change = copy.record.isDeleteMarker ? .deleteMarker : .created
            self.compare(event, copy, change, admitted: [:], in: book)
        }
        for (before, after) in event.changed {
            for name in AttributeName.allCases where name.stamp(before.record) != name.stamp(after.record) {
                var admitted: [String: Bool] = [:]
                for state in before.record.destinations { admitted[state.destinationBucket] = state.ownerOverride }
                self.compare(event, after, .attribute(name), admitted: admitted, in: book)
            }
        }
        let known = Set(event.created.map(\.id) + event.changed.map(\.after.id))
        for (_, task) in event.addedTasks where !known.contains(task.id) {
            self.report(.echo, "\(book.name): a task for \(task.id), which did not change")
        }
    }

    private mutating func compare(
        _ event: CommitEvent, _ copy: Copy, _ change: NaivePlanner.Change, admitted: [String: Bool], in book: BucketBook
    ) {
        let record = copy.record
        let wanted = NaivePlanner.winners(
            book.configuration,
            NaivePlanner.Subject(
                change: change, key: copy.key, tags: record.tags.map { TagModel(key: $0.key, value: $0.value) },
                isReplica: record.isReplica, isNull: record.isNull, storageClass: record.storageClass,
                isUnderKMS: record.encryption.kind == .sseKms || record.encryption.kind == .dsseKms,
                admitted: admitted))
        var made: [String: TaskRecord] = [:]
        for (_, task) in event.addedTasks where task.id == copy.id {
            if made.updateValue(task.record, forKey: task.record.destinationBucket) != nil {
                self.report(.echo, "\(book.name)/\(copy.key): two tasks for \(task.record.destinationBucket)")
            }
        }
        let name = "\(book.name)/\(copy.key) (\(change))"
        for (destination, rule) in wanted.sorted(by: { $0.key < $1.key }) {
            guard let task = made.removeValue(forKey: destination) else {
                self.report(.lostIntent, "\(name): no task for \(destination), which rule \(rule.id) wants")
                continue
            }
            if task.ruleID != rule.id {
                self.report(.lostIntent, "\(name): the task for \(destination) is of \(task.ruleID), not \(rule.id)")
            }
            let isOfData = change == .created || change == .deleteMarker
            if task.isOfData != isOfData || String(decoding: task.key, as: UTF8.self) != copy.key {
                self.report(.lostIntent, "\(name): the task for \(destination) is for something else")
            }
            if isOfData, task.storageClass != (rule.storageClass ?? "") || task.ownerOverride != rule.ownerOverride {
                self.report(.lostIntent, "\(name): the task for \(destination) has not the settings of its rule")
            }
        }
        if let extra = made.keys.sorted().first {
            self.report(record.isReplica ? .echo : .lostIntent, "\(name): a task for \(extra), which no rule wants")
        }
    }
}
