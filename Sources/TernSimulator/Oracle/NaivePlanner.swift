/// What replicates, read from the specification a second time and as plainly as possible (live-replication §1.3, §2).
///
/// It shares nothing with the planner that it judges: not the rules, not the order of the questions.
enum NaivePlanner {
    enum Change: Sendable, Hashable {
        case created
        case deleteMarker
        case attribute(AttributeName)
    }

    struct Subject: Sendable {
        var change: Change
        var key: String
        /// After the change.
        var tags: [TagModel]
        var isReplica: Bool
        var isNull: Bool
        var storageClass: String
        var isUnderKMS: Bool
        /// The destinations that the version was admitted to before, and whether with a change of its owner.
        var admitted: [String: Bool]
    }

    /// The rule that brings the change to each destination.
    static func winners(_ configuration: ConfigurationModel?, _ subject: Subject) -> [String: RuleModel] {
        guard let configuration else { return [:] }
        var winners: [String: RuleModel] = [:]
        for destination in Set(configuration.rules.map(\.destination)) {
            // C-50, C-54: those that match; C-52: of them the highest number.
            let matching = configuration.rules.filter {
                $0.destination == destination && self.matches($0, subject)
            }
            guard let winner = matching.max(by: { $0.priority < $1.priority }) else { continue }
            // C-55: only then the winner is asked.
            if self.agrees(winner, subject) { winners[destination] = winner }
        }
        return winners
    }

    private static func matches(_ rule: RuleModel, _ subject: Subject) -> Bool {
        if !rule.isEnabled { return false }
        if !subject.key.utf8.starts(with: rule.prefix.utf8) { return false }
        switch subject.change {
        case .deleteMarker:
            // L-08, L-41, L-17; C-55: it has no tags.
            return !subject.isReplica && !subject.isNull && rule.tags.isEmpty
        case .created:
            // L-08, L-17, L-09.
            if subject.isReplica || subject.isNull { return false }
            if ["GLACIER", "DEEP_ARCHIVE"].contains(subject.storageClass) { return false }
        case .attribute:
            // L-71.
            if subject.isReplica, rule.replicaModifications != true { return false }
        }
        // L-06, L-07.
        if subject.isUnderKMS, rule.kmsObjects != true { return false }
        return rule.tags.allSatisfy { subject.tags.contains($0) }
    }

    private static func agrees(_ rule: RuleModel, _ subject: Subject) -> Bool {
        switch subject.change {
        case .created:
            return true
        case .deleteMarker:
            // L-30.
            return rule.isV1 || rule.replicatesDeleteMarkers
        case .attribute(let name):
            // L-50, L-53, L-54; what came as a replica was admitted nowhere (L-71).
            guard subject.isReplica || subject.admitted[rule.destination] != nil else { return false }
            // L-51, L-60, L-75.
            return name != .acl || !(subject.admitted[rule.destination] ?? rule.ownerOverride)
        }
    }
}
