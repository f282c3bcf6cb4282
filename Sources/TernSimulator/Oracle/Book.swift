import TernCore
import TernRecords
import TernStorage

/// A version as it stands in one bucket.
struct Copy: Sendable {
    var id: VersionID
    var key: String
    var record: VersionRecord
    /// The row and its value.
    var row: [UInt8]
    var value: [UInt8]
    /// When it came into this bucket.
    var since: Int64
}

/// A replication task in an outbox.
struct TaskEntry: Sendable {
    var record: TaskRecord
    /// When it was committed first.
    var since: Int64
    /// The attributes of its version at that moment.
    var stamps: Stamps
    var values: [AttributeName: String]
    /// The outcome of its data or attribute when it was settled has to be explained by what happened since then.
    var id: VersionID
}

/// One bucket as its commits have made it.
struct BucketBook: Sendable {
    var name: String
    var region: String
    var record = BucketRecord()
    var configuration: ConfigurationModel?
    var isGone = false
    var rows: [[UInt8]: VersionID] = [:]
    var versions: [VersionID: Copy] = [:]
    var heads: [String: VersionID] = [:]
    var stacks: [String: Set<VersionID>] = [:]
    var tasks: [[UInt8]: TaskEntry] = [:]
    /// What tasks have in common, by row.
    var taskPlans: [[UInt8]: TaskPlansRecord] = [:]
    /// Versions that were removed for good.
    var removed: Set<VersionID> = []
    /// When its versioning was last not enabled.
    var lastUnversioned: Int64 = -1

    init(name: String, region: String) {
        self.name = name
        self.region = region
    }

    var isVersioned: Bool { self.record.versioning == .enabled }

    /// Whether ACLs count in it. Without the document, a bucket has what new buckets have.
    var hasACLs: Bool {
        guard let document = self.record.documents.first(where: { $0.name == "ownershipControls" }) else {
            return false
        }
        return !String(decoding: document.document, as: UTF8.self).contains("BucketOwnerEnforced")
    }

    var hasObjectLock: Bool { self.record.documents.contains { $0.name == "object-lock" } }
}

/// What one commit did to a bucket, in the words of replication.
struct CommitEvent: Sendable {
    var doer: Doer
    var bucket: BucketID
    var created: [Copy] = []
    var changed: [(before: Copy, after: Copy)] = []
    var removed: [Copy] = []
    var addedTasks: [(row: [UInt8], entry: TaskEntry)] = []
    var settledTasks: [TaskEntry] = []
    var isClosing = false
}

struct BucketID: Hashable, Sendable {
    var region: String
    var number: UInt64
}

/// The oracle's books: every commit of every region, decoded, with what must hold of it.
struct Book: Sendable {
    struct RegisterID: Hashable, Sendable {
        var version: VersionID
        var attribute: AttributeName
        var stamp: UInt64
    }

    /// A change of a task's version that was reported as delivered.
    struct CompletedChange: Sendable {
        var source: BucketID
        var destination: String
        var version: VersionID
        var stamps: Stamps
        /// Those of the attributes with a stamp.
        var values: [AttributeName: String]
        var isOfData: Bool
        var ownerOverride: Bool
    }

    /// Of two values of one attribute under one stamp, which was kept.
    struct Tie: Hashable, Sendable {
        var attribute: AttributeName
        var winner: String
        var loser: String
    }

    var now: Int64 = 0
    var buckets: [BucketID: BucketBook] = [:]
    /// The bucket that has a name now.
    var names: [String: BucketID] = [:]
    /// When a name last led nowhere.
    var lastMissing: [String: Int64] = [:]
    /// Each version as its client made it, and in which bucket.
    var origins: [VersionID: (bucket: BucketID, record: VersionRecord, key: String)] = [:]
    /// The request that made a version.
    var makers: [VersionID: Int] = [:]
    var commitsOf: [Int: Int] = [:]
    /// What clients have written into registers: several values of one stamp are a tie.
    var written: [RegisterID: Set<String>] = [:]
    var completed: [CompletedChange] = []
    var wonTies: Set<Tie> = []
    /// The configurations that clients have stored, by their documents.
    var configurations: [[UInt8]: ConfigurationModel] = [:]
    var violations: [Violation] = []
    let access: SimulatedAccess
    let keys: [String: SimulatedKeys]

    init(access: SimulatedAccess, keys: [String: SimulatedKeys]) {
        self.access = access
        self.keys = keys
    }

    mutating func report(_ invariant: Invariant, _ message: String) {
        self.violations.append(Violation(invariant: invariant, message: message, milliseconds: self.now))
    }

    /// The bucket that has the name now.
    func bucket(named name: String) -> BucketBook? { self.names[name].flatMap { self.buckets[$0] } }

    /// Whether any bucket that ever had the name had a version that was removed.
    func wasRemoved(_ version: VersionID, fromBucketNamed name: String) -> Bool {
        self.buckets.values.contains { $0.name == name && $0.removed.contains(version) }
    }

    /// Whose the buckets of a name are, also while there is none.
    func owner(ofBucketsNamed name: String) -> String? {
        self.bucket(named: name)?.record.owner ?? self.buckets.values.first { $0.name == name }?.record.owner
    }

    var openTaskCount: Int { self.buckets.values.reduce(0) { $0 + ($1.isGone ? 0 : $1.tasks.count) } }
}
