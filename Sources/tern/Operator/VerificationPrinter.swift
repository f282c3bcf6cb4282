import Foundation

/// A line that a region tells of a comparison.
struct VerificationLine: Codable, Equatable {
    /// `begin`, `progress`, `finding`, `end` or `error`.
    var type: String
    var sourceBucket: String?
    var destinationBucket: String?
    var expectedVersions: Int?
    var versions: Int?
    var divergent: Int?
    var kind: String?
    var key: String?
    var versionId: String?
    var isDeleteMarker: Bool?
    var ruleId: String?
    var attributes: [String]?
    var reason: String?
    var repair: String?
    var requeued: Int?
    var wireBytes: Int?
    var message: String?
    var missing: Int?
    var metadata: Int?
    var content: Int?
    var withoutTask: Int?
    var extra: Int?
    var changedAtDestination: Int?
    var deletedAtDestination: Int?
    var pending: Int?
    var failed: Int?
}

/// Shows a comparison as it goes on: its findings and sums on standard output, and on a terminal how far it is.
struct VerificationPrinter {
    private let isJSON: Bool
    private let showsAll: Bool
    private var bar: ProgressBar?
    private var shown = 0
    private(set) var divergent = 0
    /// Whether a comparison broke off, or the lines ended within one.
    private(set) var isUnfinished = false
    private var isRunning = false

    init(isJSON: Bool, showsAll: Bool) {
        self.isJSON = isJSON
        self.showsAll = showsAll
    }

    mutating func print(_ data: Data) throws {
        let line = try JSONDecoder().decode(VerificationLine.self, from: data)
        switch line.type {
        case "begin":
            self.isRunning = true
            self.shown = 0
            if let expected = line.expectedVersions {
                self.bar = ProgressBar(line.destinationBucket ?? "", total: expected)
            }
        case "end":
            self.isRunning = false
            self.divergent += line.divergent ?? 0
        case "error":
            self.isRunning = false
            self.isUnfinished = true
        default: break
        }
        if line.type == "progress" {
            self.advance(line)
            // Programs are told too: a large bucket takes its time.
            if !self.isJSON { return }
        } else {
            self.bar?.clear()
        }
        if line.type == "end" || line.type == "error" { self.bar = nil }
        if self.isJSON {
            Swift.print(String(decoding: data, as: UTF8.self))
        } else if let text = line.text(showsAll: self.showsAll) {
            Swift.print(text)
        }
    }

    private mutating func advance(_ line: VerificationLine) {
        guard let versions = line.versions else { return }
        self.bar?.advance(by: max(versions - self.shown, 0))
        self.shown = max(versions, self.shown)
    }

    mutating func finish() {
        self.bar?.finish()
        if self.isRunning { self.isUnfinished = true }
    }
}

extension VerificationLine {
    /// The line for people; `nil` for what is only counted.
    func text(showsAll: Bool) -> String? {
        switch self.type {
        case "begin": return "\(self.sourceBucket ?? "") to \(self.destinationBucket ?? "")"
        case "error": return "  broken off: \(self.message ?? "")"
        case "finding": return self.finding(showsAll: showsAll)
        case "end": return self.sums
        default: return nil
        }
    }

    private func finding(showsAll: Bool) -> String? {
        guard let kind = self.kind, let known = Self.kinds[kind] else { return nil }
        guard showsAll || known.isDivergence else { return nil }
        var text = "  \(known.word)  \(self.key ?? "")?versionId=\(self.versionId ?? "")"
        if self.isDeleteMarker == true { text += "  delete marker" }
        if let attributes = self.attributes, !attributes.isEmpty { text += "  \(attributes.joined(separator: ", "))" }
        if let reason = self.reason { text += "  \(reason)" }
        switch self.repair {
        case "queued": text += "  queued again"
        case "ruleIsGone": text += "  not queued: the rule is gone or disabled"
        case "overtaken": text += "  not queued: it has changed meanwhile"
        default: break
        }
        return text
    }

    private var sums: String {
        var facts = [
            (self.missing, "missing"), (self.metadata, "with other metadata"), (self.content, "with other content"),
            (self.withoutTask, "pending without a task"),
        ]
        facts += [
            (self.pending, "pending"), (self.failed, "failed"),
            (self.deletedAtDestination, "deleted at the destination"),
            (self.changedAtDestination, "changed at the destination"), (self.extra, "extra at the destination"),
            (self.requeued, "queued again"),
        ]
        let told = facts.compactMap { count, word in (count ?? 0) == 0 ? nil : "\(count ?? 0) \(word)" }
        let verdict = (self.divergent ?? 0) == 0 ? "no divergence" : "\(self.divergent ?? 0) divergent"
        let cost = Quantity.bytes(Double(self.wireBytes ?? 0))
        return "  \(self.versions ?? 0) versions compared, \(verdict)"
            + (told.isEmpty ? "" : ": \(told.joined(separator: ", "))") + " (\(cost) between the regions)"
    }

    private static let kinds: [String: (word: String, isDivergence: Bool)] = [
        "missing": ("MISSING ", true), "metadata": ("METADATA", true), "content": ("CONTENT ", true),
        "withoutTask": ("NO TASK ", true), "extra": ("extra   ", false), "changedAtDestination": ("changed ", false),
        "deletedAtDestination": ("deleted ", false), "pending": ("pending ", false), "failed": ("failed  ", false),
    ]
}
