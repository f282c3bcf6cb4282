package import TernCore
package import TernRecords

/// How a restore of an archived version stands (spec rules RST-5, RST-7).
package enum RestoreStatus: Hashable, Sendable {
    case inProgress
    case available(until: Timestamp)

    /// The value of `x-amz-restore`.
    package var headerValue: String {
        switch self {
        case .inProgress: "ongoing-request=\"true\""
        case .available(let end): "ongoing-request=\"false\", expiry-date=\"\(end.httpDate)\""
        }
    }
}

extension VersionRecord {
    /// The restore as of `now`: its states follow from its times, so that no work has to be done when they come.
    package func restoreStatus(at now: Timestamp) -> RestoreStatus? {
        guard self.hasRestore, self.storageClassValue.isArchive, now.milliseconds < self.restore.expiresMs else {
            return nil
        }
        if now.milliseconds < self.restore.readyMs { return .inProgress }
        return .available(until: Timestamp(milliseconds: self.restore.expiresMs))
    }

    /// Whether the bytes may be read: always, but of an archived version only while a restored copy is there (RST-1).
    package func isReadable(at now: Timestamp) -> Bool {
        guard self.storageClassValue.isArchive else { return true }
        if case .available? = self.restoreStatus(at: now) { return true }
        return false
    }
}
