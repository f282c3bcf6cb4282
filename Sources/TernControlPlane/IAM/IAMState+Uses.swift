package import TernRecords

/// When access keys and roles were used last, to the hour.
///
/// Source: AWS IAM API Reference, AccessKeyLastUsed and RoleLastUsed.
extension IAMState {
    static let useLetter = UInt8(ascii: "l")

    /// Whether a row tells of a use: nothing that is decided depends on it.
    static func isUse(_ key: [UInt8]) -> Bool { key.starts(with: Self.key(Self.useLetter, "")) }

    /// Takes over what regions have noted: what is news by an hour, of keys and roles that are there.
    package func recordUses(_ uses: [IAMUseRecord]) throws(IAMError) -> IAMPlan<Void> {
        var latest: [String: IAMUseRecord] = [:]
        for use in uses where self.accessKeys[use.id] != nil || self.roles[id: use.id] != nil {
            let known = max(self.uses[use.id]?.usedMs ?? 0, latest[use.id]?.usedMs ?? 0)
            if use.usedMs >= known + UseRecorder.resolutionMilliseconds { latest[use.id] = use }
        }
        var writes: [ControlWrite] = []
        for use in latest.values.sorted(by: { $0.id < $1.id }) {
            writes.append(ControlWrite(key: Self.key(Self.useLetter, use.id), value: try encode(use)))
        }
        return IAMPlan(writes, ())
    }

    /// What goes with a key or role that is deleted.
    func useRemoval(_ id: String) -> [ControlWrite] {
        self.uses[id] == nil ? [] : [ControlWrite(key: Self.key(Self.useLetter, id), value: nil)]
    }
}
