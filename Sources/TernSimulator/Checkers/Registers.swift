import TernCore
import TernRecords

/// Invariant 3: mutable attributes are last-writer-wins registers. Their stamps only grow, and every value was written by
/// a client under its stamp.
extension Book {
    mutating func checkRegisters(_ event: CommitEvent) {
        guard let book = self.buckets[event.bucket] else { return }
        for copy in event.created {
            for name in AttributeName.allCases where name.stamp(copy.record) != 0 {
                self.take(name, of: copy, by: event.doer, in: book.name)
            }
        }
        for (before, after) in event.changed {
            for name in AttributeName.allCases {
                let (old, new) = (name.stamp(before.record), name.stamp(after.record))
                let isSame = name.value(before.record) == name.value(after.record)
                if new < old {
                    self.report(.convergence, "the \(name.rawValue) of \(after.id) in \(book.name) went back in time")
                } else if new == old, !isSame, event.doer != .server || new == 0 {
                    self.report(
                        .convergence, "the \(name.rawValue) of \(after.id) in \(book.name) changed under their stamp")
                } else if new != old || !isSame {
                    if new == old, name != .retention {
                        self.note(
                            winner: name.value(after.record), over: name.value(before.record), of: after.id, name)
                    }
                    self.take(name, of: after, by: event.doer, in: book.name)
                }
            }
        }
    }

    private mutating func take(_ name: AttributeName, of copy: Copy, by doer: Doer, in bucket: String) {
        let id = RegisterID(version: copy.id, attribute: name, stamp: name.stamp(copy.record))
        let value = name.value(copy.record)
        if doer != .server {
            self.written[id, default: []].insert(value)
        } else if self.written[id]?.contains(value) != true {
            self.report(.convergence, "no client wrote the \(name.rawValue) that \(copy.id) has in \(bucket): \(value)")
        }
    }
}
