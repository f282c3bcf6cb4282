import TernCore
import TernRecords

/// Invariants 3 and 11, as far as a single commit shows them: the order of the versions of a key, and their content.
extension Book {
    /// A key's current version is the newest, by the ID, and every version stands in one row (P-20, P-21).
    mutating func checkStacks(_ event: CommitEvent) {
        guard let book = self.buckets[event.bucket] else { return }
        let copies = event.created + event.removed + event.changed.map(\.after)
        for key in Set(copies.map(\.key)) {
            guard let stack = book.stacks[key], !stack.isEmpty else { continue }
            guard let head = book.heads[key] else {
                self.report(.convergence, "\(book.name)/\(key) has versions and no current one")
                continue
            }
            if stack.contains(where: { head < $0 }) {
                self.report(.convergence, "the current version of \(book.name)/\(key) is not the newest")
            }
        }
        for copy in event.created where book.rows.values.count(where: { $0 == copy.id }) > 1 {
            self.report(.convergence, "\(copy.id) stands twice in \(book.name)")
        }
    }

    /// What replication writes is what a client has made; nothing but a client's request removes a version; and nothing
    /// ever changes the content.
    mutating func checkContent(_ event: CommitEvent) {
        guard let book = self.buckets[event.bucket] else { return }
        for copy in event.created {
            switch event.doer {
            case .client(let number):
                if copy.record.isReplica { self.report(.echo, "a client's version \(copy.id) is a replica") }
                self.origins[copy.id] = (event.bucket, copy.record, copy.key)
                self.makers[copy.id] = number
            case .server:
                guard let origin = self.origins[copy.id] else {
                    self.report(.convergence, "no client has made version \(copy.id), which is in \(book.name) now")
                    continue
                }
                if !copy.record.isReplica { self.report(.echo, "the replica \(copy.id) in \(book.name) is not marked") }
                if let problem = Self.difference(copy.record, origin.record) ?? Self.misplacement(copy, origin.key) {
                    self.report(.convergence, "the replica \(copy.id) in \(book.name) has another \(problem)")
                }
                if !book.isVersioned { self.report(.permission, "a replica came into \(book.name), not versioned") }
            }
        }
        for (before, after) in event.changed {
            if let problem = Self.difference(before.record, after.record) {
                self.report(.convergence, "\(after.id) in \(book.name) changed its \(problem)")
            }
            if before.record.isReplica != after.record.isReplica {
                self.report(.statusTruth, "\(after.id) in \(book.name) changed from or to a replica")
            }
        }
        if event.doer == .server, let copy = event.removed.first {
            self.report(.durability, "no client has removed \(copy.id) from \(book.name), and it is gone")
        }
    }

    private static func misplacement(_ copy: Copy, _ key: String) -> String? { copy.key == key ? nil : "key" }

    /// What two copies of one version have to have in common but have not (P-01 to P-09).
    static func difference(_ one: VersionRecord, _ other: VersionRecord) -> String? {
        if one.isDeleteMarker != other.isDeleteMarker { return "kind" }
        if one.lastModifiedMs != other.lastModifiedMs { return "time of creation" }
        if one.byteCount != other.byteCount { return "length" }
        if one.checksum.digest != other.checksum.digest { return "checksum" }
        if one.userMetadata != other.userMetadata { return "metadata" }
        if one.etagPartCount != other.etagPartCount { return "number of parts" }
        // Under KMS the ETag is opaque, and the replica's is its own (P-07).
        let isOpaque = [one, other].contains { $0.encryption.kind == .sseKms || $0.encryption.kind == .dsseKms }
        return isOpaque || one.etagMd5 == other.etagMd5 ? nil : "ETag"
    }
}
