import TernBatch
package import TernCore

/// Where a job stands in lists, which are from the newest to the oldest. It never moves, so a list goes on from it whatever
/// came or ended meanwhile (spec rule BR-LJ-1).
package struct JobPosition: Hashable, Sendable, Comparable {
    package var created: Timestamp
    package var id: String

    package init(created: Timestamp, id: String) {
        self.created = created
        self.id = id
    }

    /// For clients, who give it back as it is: no character in it needs encoding.
    package var token: String { "\(self.created.milliseconds):\(self.id)" }

    package init?(token: String) {
        let parts = token.split(separator: ":", omittingEmptySubsequences: false)
        guard token.utf8.count <= 1024, parts.count == 2, let milliseconds = Int64(parts[0]), !parts[1].isEmpty else {
            return nil
        }
        self.init(created: Timestamp(milliseconds: milliseconds), id: String(parts[1]))
        guard self.token == token else { return nil }
    }

    /// The older one comes first.
    package static func < (left: JobPosition, right: JobPosition) -> Bool {
        left.created == right.created ? left.id < right.id : left.created < right.created
    }
}

/// What is in memory of each job, also of those that have ended and can still be described.
struct JobIndex: Sendable {
    struct Entry: Sendable {
        var id: String
        var account: AccountID
        /// Of its partition.
        var number: UInt64
        var isReplication: Bool
        var priority: Int
        var created: Timestamp
        var status: JobStatus
        var terminated: Timestamp?
        /// How its tasks do, as the runner told it last; as the record says once it has ended.
        var progress: JobProgress

        var position: JobPosition { JobPosition(created: self.created, id: self.id) }

        func isForgotten(at now: Timestamp) -> Bool {
            guard self.status.isTerminal, let terminated else { return false }
            return now - terminated > JobState.retention
        }
    }

    private(set) var entries: [String: Entry] = [:]
    /// From the oldest to the newest.
    private var positions: [AccountID: [JobPosition]] = [:]
    private var open: [AccountID: Int] = [:]

    subscript(id: String) -> Entry? { self.entries[id] }

    /// How many jobs of an account have not ended.
    func openCount(of account: AccountID) -> Int { self.open[account, default: 0] }

    mutating func put(_ entry: Entry) {
        var entry = entry
        let old = self.entries[entry.id]
        if let old, !entry.status.isTerminal {
            // What was told while the change was on its way.
            entry.progress.succeeded = max(entry.progress.succeeded, old.progress.succeeded)
            entry.progress.failed = max(entry.progress.failed, old.progress.failed)
        }
        self.entries[entry.id] = entry
        if old == nil {
            let index = self.index(of: entry.position, in: entry.account)
            self.positions[entry.account, default: []].insert(entry.position, at: index)
        }
        self.count(old, -1)
        self.count(entry, 1)
    }

    mutating func setProgress(_ progress: JobProgress, of id: String) {
        guard let entry = self.entries[id], !entry.status.isTerminal else { return }
        self.entries[id]?.progress.succeeded = progress.succeeded
        self.entries[id]?.progress.failed = progress.failed
    }

    mutating func remove(_ id: String) {
        guard let entry = self.entries.removeValue(forKey: id) else { return }
        self.count(entry, -1)
        let index = self.index(of: entry.position, in: entry.account)
        if self.positions[entry.account]?.indices.contains(index) == true {
            self.positions[entry.account]?.remove(at: index)
        }
        if self.positions[entry.account]?.isEmpty == true { self.positions[entry.account] = nil }
    }

    /// Jobs of an account from the newest to the oldest.
    ///
    /// - Parameters:
    ///   - statuses: All, where it is empty.
    ///   - position: Only older ones.
    func list(
        _ account: AccountID, statuses: Set<JobStatus>, after position: JobPosition?, limit: Int, at now: Timestamp
    ) -> [Entry] {
        let all = self.positions[account] ?? []
        let end = position.map { self.index(of: $0, in: account) } ?? all.count
        var found: [Entry] = []
        for position in all[..<end].reversed() {
            if found.count == limit { break }
            guard let entry = self.entries[position.id], !entry.isForgotten(at: now),
                statuses.isEmpty || statuses.contains(entry.status)
            else { continue }
            found.append(entry)
        }
        return found
    }

    /// Jobs of all accounts from the newest to the oldest.
    ///
    /// - Parameter position: Only older ones.
    func list(after position: JobPosition?, limit: Int, at now: Timestamp) -> [Entry] {
        let found = self.entries.values.filter { entry in
            !entry.isForgotten(at: now) && position.map { entry.position < $0 } ?? true
        }
        return Array(found.sorted { $1.position < $0.position }.prefix(limit))
    }

    private mutating func count(_ entry: Entry?, _ change: Int) {
        guard let entry, !entry.status.isTerminal else { return }
        let count = self.open[entry.account, default: 0] + change
        self.open[entry.account] = count == 0 ? nil : count
    }

    /// Where a position is, or would be.
    private func index(of position: JobPosition, in account: AccountID) -> Int {
        let all = self.positions[account] ?? []
        var lower = 0
        var upper = all.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if all[middle] < position { lower = middle + 1 } else { upper = middle }
        }
        return lower
    }
}
