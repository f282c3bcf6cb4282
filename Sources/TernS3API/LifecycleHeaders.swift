import TernCore
import TernLifecycle
import TernObjects
import TernRecords

extension HeaderFields {
    /// `x-amz-expiration` (spec rule LC-8).
    mutating func appendExpiration(_ notice: LifecycleNotice?) {
        guard let notice else { return }
        let id = PercentEncoding.encode(notice.ruleID.utf8, keepingSlash: false)
        self.append("x-amz-expiration", "expiry-date=\"\(notice.time.httpDate)\", rule-id=\"\(id)\"")
    }

    /// `x-amz-abort-date` and `x-amz-abort-rule-id` (LC-8).
    mutating func appendAbortion(_ notice: LifecycleNotice?) {
        guard let notice else { return }
        self.append("x-amz-abort-date", notice.time.httpDate)
        self.append("x-amz-abort-rule-id", PercentEncoding.encode(notice.ruleID.utf8, keepingSlash: false))
    }

    /// `x-amz-restore` (RST-5).
    mutating func appendRestore(of record: VersionRecord, at now: Timestamp) {
        guard let status = record.restoreStatus(at: now) else { return }
        self.append("x-amz-restore", status.headerValue)
    }
}
