import SwiftProtobuf
import TernCore
import TernObjects
import TernRecords
import TernStorage

/// The letters of `docs/keyspace.md`, as far as replication shows in them.
private enum Row {
    static let epoch = UInt8(ascii: "E")
    static let configuration = UInt8(ascii: "C")
    static let head = UInt8(ascii: "H")
    static let noncurrent = UInt8(ascii: "V")
    static let task = UInt8(ascii: "T")
    static let taskPlans = UInt8(ascii: "t")
}

extension Book {
    /// Takes a commit into the books and checks everything that must hold of each single one.
    mutating func take(_ batch: MetadataBatch, by doer: Doer, in region: String, at now: Int64) {
        self.now = now
        if case .client(let number) = doer { self.commitsOf[number, default: 0] += 1 }
        guard batch.partition.kind == .bucket else { return }
        let id = BucketID(region: region, number: batch.partition.id)
        if self.buckets[id]?.isGone == true { return }
        var event = CommitEvent(doer: doer, bucket: id)
        do {
            try self.apply(batch, to: id, event: &event)
        } catch {
            self.report(.durability, "a row that cannot be decoded was committed in \(region): \(error)")
            return
        }
        if event.isClosing { return }
        self.checkStacks(event)
        self.checkIntent(event)
        self.checkContent(event)
        self.checkRegisters(event)
        self.checkResurrection(event)
        self.checkPermission(event)
        self.checkOutcomes(event)
        self.checkPending(event)
        for copy in event.removed { self.buckets[id]?.removed.insert(copy.id) }
    }

    private mutating func apply(_ batch: MetadataBatch, to id: BucketID, event: inout CommitEvent) throws {
        var order: [[UInt8]] = []
        var final: [[UInt8]: [UInt8]?] = [:]
        for write in batch.writes {
            let (key, value): ([UInt8], [UInt8]?) =
                switch write {
                case .put(let key, let value): (key, value)
                case .delete(let key): (key, nil)
                }
            if final.updateValue(value, forKey: key) == nil { order.append(key) }
        }
        var book = self.buckets[id] ?? BucketBook(name: "", region: id.region)
        if let epoch = final[[Row.epoch]], epoch == nil {
            event.isClosing = true
            book.isGone = true
            self.buckets[id] = book
            if self.names[book.name] == id { self.names[book.name] = nil }
            self.lastMissing[book.name] = .max
            return
        }
        if case .some(.some(let value)) = final[[Row.configuration]] { try self.configure(&book, value, id: id) }
        try self.applyVersions(order, final, to: &book, event: &event)
        try self.applyTasks(order, final, to: &book, event: &event)
        self.buckets[id] = book
    }

    private mutating func configure(_ book: inout BucketBook, _ value: [UInt8], id: BucketID) throws {
        let wasVersioned = book.isVersioned
        book.record = try BucketRecord(serializedBytes: value)
        book.name = book.record.name
        if book.isVersioned != wasVersioned { book.lastUnversioned = self.now }
        if self.names[book.name] != id {
            self.names[book.name] = id
            // Until every region has heard of it, which `World.makeBucket` sees to.
            self.lastMissing[book.name] = .max
        }
        let document = Array(book.record.replicationXml)
        book.configuration = document.isEmpty ? nil : self.configurations[document]
    }

    private func applyVersions(
        _ order: [[UInt8]], _ final: [[UInt8]: [UInt8]?], to book: inout BucketBook, event: inout CommitEvent
    ) throws {
        var touched: [VersionID] = []
        var before: [VersionID: Copy] = [:]
        let rows = order.filter { $0.first == Row.head || $0.first == Row.noncurrent }
        for row in rows {
            guard let id = book.rows.removeValue(forKey: row), let copy = book.versions.removeValue(forKey: id) else {
                continue
            }
            touched.append(id)
            before[id] = copy
            book.stacks[copy.key]?.remove(id)
            if book.heads[copy.key] == id { book.heads[copy.key] = nil }
        }
        for row in rows {
            guard case .some(.some(let value)) = final[row] else { continue }
            let known = before.values.first { $0.value == value }
            let record = try known?.record ?? VersionRecord(serializedBytes: value)
            let id = record.versionID
            let isHead = row.first == Row.head
            let bytes = isHead ? row.dropFirst() : row.dropFirst().prefix { $0 != 0 }
            let key = String(decoding: bytes, as: UTF8.self)
            if before[id] == nil {
                touched.append(id)
                // Else it would stand in two rows.
                before[id] = book.versions[id]
            }
            book.rows[row] = id
            book.versions[id] = Copy(
                id: id, key: key, record: record, row: row, value: value, since: before[id]?.since ?? self.now)
            book.stacks[key, default: []].insert(id)
            if isHead { book.heads[key] = id }
        }
        for id in touched {
            switch (before[id], book.versions[id]) {
            case (nil, let after?): event.created.append(after)
            case (let old?, nil): event.removed.append(old)
            case (let old?, let after?) where old.value != after.value: event.changed.append((old, after))
            default: break
            }
        }
    }

    private mutating func applyTasks(
        _ order: [[UInt8]], _ final: [[UInt8]: [UInt8]?], to book: inout BucketBook, event: inout CommitEvent
    ) throws {
        var removed: [(row: [UInt8], entry: TaskEntry)] = []
        for row in order where row.first == Row.task {
            if let entry = book.tasks.removeValue(forKey: row) { removed.append((row, entry)) }
        }
        for row in order where row.first == Row.taskPlans {
            if case .some(.some(let value)) = final[row] {
                book.taskPlans[row] = try TaskPlansRecord(serializedBytes: value)
            } else {
                book.taskPlans[row] = nil
            }
        }
        for row in order where row.first == Row.task {
            guard case .some(.some(let value)) = final[row] else { continue }
            var record = try TaskRecord(serializedBytes: value)
            if record.plan > 0 {
                let plans = book.taskPlans[Keyspace.taskPlans(epoch: record.configurationEpoch)]
                if !record.complete(by: plans ?? TaskPlansRecord()) {
                    self.report(.lostIntent, "\(book.name): a task without its plan")
                }
            }
            let id = record.version.versionID
            // A task that is put off keeps the random end of its row.
            if let index = removed.firstIndex(where: { $0.row.suffix(8) == row.suffix(8) && $0.entry.id == id }) {
                var entry = removed.remove(at: index).entry
                entry.record = record
                book.tasks[row] = entry
                continue
            }
            let version = book.versions[id]?.record ?? VersionRecord()
            var values: [AttributeName: String] = [:]
            for name in AttributeName.allCases where name.stamp(version) != 0 { values[name] = name.value(version) }
            let entry = TaskEntry(
                record: record, since: self.now, stamps: Stamps(version, of: record), values: values, id: id)
            book.tasks[row] = entry
            event.addedTasks.append((row, entry))
        }
        event.settledTasks = removed.map(\.entry)
    }
}
