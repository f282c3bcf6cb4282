import Synchronization
import TernCore
import TernS3Protocol
import TernStorage

/// The rows that commits add to a queue, as long as it is not known whether they were added.
///
/// After an error of the store the outcome of a commit is unknown (`MetadataStore/commit(_:)`): what was under way may
/// appear when it is well again. The client has got an error, but its change may be there, and what has to follow from it
/// must not be left lying. Until somebody finds such rows, or the store says that there are none, they count as waiting.
///
/// Whoever settles or moves rows says before that they were found. That may be earlier than the error of their commit, so
/// that rows are known here from before the commit on.
final class RowDoubts<Subject: Sendable>: Sendable {
    struct Doubt: Sendable {
        var row: [UInt8]
        var partition: PartitionID
        var subject: Subject
    }

    private struct State {
        /// Whether they were found, by the random ends of the rows, which stay when rows are moved.
        var underWay: [UInt64: Bool] = [:]
        var doubts: [UInt64: Doubt] = [:]
    }

    private let metadata: any MetadataStore
    private let maximumCount: Int
    private let state = Mutex(State())

    /// - Parameter maximumCount: With so many doubts, no commit begins before one of them is resolved. There are never more
    ///   than these and the rows of the commits under way.
    init(metadata: any MetadataStore, maximumCount: Int) {
        self.metadata = metadata
        self.maximumCount = maximumCount
    }

    var isEmpty: Bool { self.state.withLock { $0.doubts.isEmpty } }
    var count: Int { self.state.withLock { $0.doubts.count } }

    // MARK: Commits

    /// Before a commit that adds rows.
    func began(_ rows: [[UInt8]]) {
        if rows.isEmpty { return }
        self.state.withLock { state in
            for row in rows { state.underWay[Self.number(of: row)] = false }
        }
    }

    /// The outcome of the commit is known.
    func ended(_ rows: [[UInt8]]) {
        if rows.isEmpty { return }
        self.state.withLock { state in
            for row in rows { state.underWay.removeValue(forKey: Self.number(of: row)) }
        }
    }

    /// The commit has failed, so that its outcome is not known. Those that were found already are not in doubt.
    ///
    /// - Returns: Those that were found.
    func failed(_ rows: [Doubt]) -> [Doubt] {
        self.state.withLock { state in
            var found: [Doubt] = []
            for doubt in rows {
                let number = Self.number(of: doubt.row)
                if state.underWay.removeValue(forKey: number) == true {
                    found.append(doubt)
                } else {
                    state.doubts[number] = doubt
                }
            }
            return found
        }
    }

    /// Whoever settles or moves rows has read them, so that there is no doubt that they were committed.
    ///
    /// - Returns: Those that were in doubt.
    @discardableResult
    func found(_ rows: some Sequence<[UInt8]>) -> [Doubt] {
        self.state.withLock { state in
            if state.doubts.isEmpty, state.underWay.isEmpty { return [] }
            var found: [Doubt] = []
            for row in rows {
                let number = Self.number(of: row)
                if let doubt = state.doubts.removeValue(forKey: number) { found.append(doubt) }
                if state.underWay[number] != nil { state.underWay[number] = true }
            }
            return found
        }
    }

    func forget(where isForgotten: (Subject) -> Bool) {
        self.state.withLock { state in
            if !state.doubts.isEmpty { state.doubts = state.doubts.filter { !isForgotten($0.value.subject) } }
        }
    }

    private static func number(of row: [UInt8]) -> UInt64 { UInt64(bigEndianBytes: row.suffix(8)) }

    // MARK: Asking the store

    /// Finds out about all of them, in the order of their rows. Throws while the store does not answer.
    ///
    /// - Parameter conclude: Told of each, once, and whether it is there.
    func resolveAll(_ conclude: (Doubt, Bool) -> Void) async throws(S3Error) {
        let doubts = self.state.withLock { Array($0.doubts.values) }
        for doubt in doubts.sorted(by: { KeyOrder.precedes($0.row, $1.row) }) {
            try await self.resolve(doubt, conclude)
        }
    }

    /// Before a commit: where there are too many doubts, finds out about some. A store that cannot tell would not commit
    /// either.
    func makeRoom(_ conclude: (Doubt, Bool) -> Void) async throws(S3Error) {
        while let doubt = self.state.withLock({ $0.doubts.count < self.maximumCount ? nil : $0.doubts.first?.value }) {
            try await self.resolve(doubt, conclude)
        }
    }

    private func resolve(_ doubt: Doubt, _ conclude: (Doubt, Bool) -> Void) async throws(S3Error) {
        let isAbsent = try await self.metadata.confirms(doubt.row, is: nil, in: doubt.partition)
        let isOpen = self.state.withLock { $0.doubts.removeValue(forKey: Self.number(of: doubt.row)) != nil }
        if isOpen { conclude(doubt, !isAbsent) }
    }
}

extension MetadataStore {
    /// Whether a row has this value, `nil` for none.
    ///
    /// Asked by a commit that only requires it, which has its turn behind all that was under way when the store failed; a
    /// mere read could come before that has appeared.
    func confirms(_ row: [UInt8], is value: [UInt8]?, in partition: PartitionID) async throws(S3Error) -> Bool {
        var question = MetadataBatch(partition: partition)
        question.require(row, is: value)
        return try await self.tryCommit(question)
    }
}
