import Synchronization
import TernReplication

/// Why versions are not replicated, counted for the log: reports and failure reasons have S3's words, which name no cause.
struct ExclusionCounts: Hashable, Sendable, CustomStringConvertible {
    private var counts: [String: Int] = [:]

    var isEmpty: Bool { self.counts.isEmpty }

    mutating func add(_ cause: String) {
        self.counts[cause, default: 0] += 1
    }

    /// - Parameter rules: What each rule says to one version: it counts once for each cause.
    mutating func add(_ rules: [RuleDecision]) {
        var causes: Set<String> = []
        for rule in rules {
            guard case .skip(let reason) = rule.verdict else { continue }
            // Without what the case has with it, so that causes stay few.
            causes.insert(String("\(reason)".prefix { $0 != "(" }))
        }
        for cause in causes { self.add(cause) }
    }

    var description: String {
        self.counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}

/// The same, of rows that are run at once.
final class SharedExclusionCounts: Sendable {
    private let state = Mutex(ExclusionCounts())

    var counts: ExclusionCounts { self.state.withLock { $0 } }

    func add(_ rules: [RuleDecision]) {
        if !rules.isEmpty { self.state.withLock { $0.add(rules) } }
    }
}
