import TernCore
import TernRecords
import TernS3Protocol

/// A bucket of S3 as naively as its documentation can be written down, for comparison: lists, and no thought of speed.
///
/// Sources: Amazon S3 User Guide, "Using versioning in S3 buckets", "Conditional requests"; API Reference of the
/// operations; spec §§4, 5, 6.
struct NaiveS3 {
    struct Version: Equatable {
        /// Tells apart null versions, which all have one name.
        var serial: Int
        var reference: VersionReference
        var isDeleteMarker = false
        var body: [UInt8] = []
        var etag = ""
        var tags: [String: String] = [:]
        var lock = Lock()
    }

    /// Retention until a whole second, and legal hold.
    struct Lock: Equatable {
        var mode: String?
        var until: Int64 = 0
        var isHeld = false

        /// LCK-8: whether a delete by version ID is refused. LCK-9: governance gives way to those who may bypass it.
        func refusesDelete(at now: Int64, bypassing: Bool) -> Bool {
            if self.isHeld { return true }
            guard let mode, self.until > now else { return false }
            return mode == "COMPLIANCE" || !bypassing
        }

        /// LCK-9: whether the retention may become this one.
        func permits(_ new: Lock, at now: Int64, bypassing: Bool) -> Bool {
            guard let mode, self.until > now else { return true }
            if mode == "COMPLIANCE" { return new.mode == "COMPLIANCE" && new.until >= self.until }
            return bypassing || (new.mode != nil && new.until >= self.until)
        }
    }

    struct Upload {
        var key: String
        var tags: [String: String]
        var parts: [Int: (body: [UInt8], etag: String)] = [:]
        /// Whether its key got or lost a current version since it began.
        var isDisturbed = false
    }

    struct Failure: Error, Equatable {
        var code: String
    }

    var versioning = VersioningState.never
    /// Whether Object Lock is enabled, for good.
    var isLocked = false
    /// The bucket's default retention: a mode and days.
    var defaultRetention: (mode: String, days: Int)?
    /// Newest first.
    var stacks: [String: [Version]] = [:]
    /// By upload ID, in the order of their beginnings.
    var uploads: [(id: String, upload: Upload)] = []
    private var lastSerial = 0

    // MARK: Versions

    func current(_ key: String) -> Version? { self.stacks[key]?.first }

    /// The current version, unless it is a delete marker.
    func object(_ key: String) -> Version? { self.current(key).flatMap { $0.isDeleteMarker ? nil : $0 } }

    func version(_ reference: VersionReference, of key: String) -> Version? {
        self.stacks[key]?.first { $0.reference == reference }
    }

    var versionCount: Int { self.stacks.values.reduce(0) { $0 + $1.count } }

    mutating func nextSerial() -> Int {
        self.lastSerial += 1
        return self.lastSerial
    }

    /// A null version takes the place of the one before, wherever that is; every other goes on top.
    mutating func add(_ version: Version, to key: String) {
        if version.reference == .null { self.stacks[key]?.removeAll { $0.reference == .null } }
        self.stacks[key, default: []].insert(version, at: 0)
        self.disturbUploads(of: key)
    }

    mutating func remove(_ reference: VersionReference, of key: String) {
        if self.current(key)?.reference == reference { self.disturbUploads(of: key) }
        self.stacks[key]?.removeAll { $0.reference == reference }
        if self.stacks[key]?.isEmpty == true { self.stacks[key] = nil }
    }

    mutating func removeAll(of key: String) {
        if self.stacks.removeValue(forKey: key) != nil { self.disturbUploads(of: key) }
    }

    /// CND-5
    private mutating func disturbUploads(of key: String) {
        for index in self.uploads.indices where self.uploads[index].upload.key == key {
            self.uploads[index].upload.isDisturbed = true
        }
    }

    /// LCK-11: what a new version without a retention of its own gets.
    func lock(of given: Lock, createdAt milliseconds: Int64) -> Lock {
        guard given.mode == nil, let defaultRetention else { return given }
        // From the Last-Modified that clients see, in whole seconds.
        let until = milliseconds / 1000 * 1000 + Int64(defaultRetention.days) * 86_400_000
        return Lock(mode: defaultRetention.mode, until: until, isHeld: given.isHeld)
    }

    // MARK: Conditions

    /// CND-1, CND-2: what a write meets.
    func check(_ condition: WriteCondition, _ key: String) throws(Failure) {
        switch condition {
        case .none: return
        case .absent:
            if self.object(key) != nil { throw Failure(code: "PreconditionFailed") }
        case .etag(let etag):
            guard let object = self.object(key) else { throw Failure(code: "NoSuchKey") }
            if object.etag != etag { throw Failure(code: "PreconditionFailed") }
        }
    }

    /// CND-6: whether there is something to delete.
    func check(_ condition: DeleteCondition, _ key: String) throws(Failure) -> Bool {
        switch condition {
        case .none: return true
        case .any: return self.object(key) != nil
        case .etag(let etag):
            guard let object = self.object(key) else { return false }
            if object.etag != etag { throw Failure(code: "PreconditionFailed") }
            return true
        }
    }

    // MARK: Listings

    /// An entry of a listing: a line for a key, version or upload, or a common prefix.
    enum Line: Equatable {
        case item(key: String, String)
        case prefix(String)

        var position: [UInt8] {
            switch self {
            case .item(let key, _): Array(key.utf8)
            case .prefix(let prefix): Array(prefix.utf8)
            }
        }
    }

    static func precedes(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }

    static func has(_ key: String, prefix: String) -> Bool { key.utf8.starts(with: prefix.utf8) }

    /// Rolls `items`, in order, up into lines, and takes the first `limit` of them (LST-1).
    static func page(
        _ items: [(key: String, text: String)], prefix: String, delimiter: String, limit: Int
    ) -> (lines: [Line], isTruncated: Bool) {
        var lines: [Line] = []
        for item in items where self.has(item.key, prefix: prefix) {
            let line =
                self.commonPrefix(item.key, prefix, delimiter).map { Line.prefix($0) }
                ?? .item(key: item.key, item.text)
            if case .prefix = line, lines.last == line { continue }
            lines.append(line)
        }
        return (Array(lines.prefix(limit)), limit > 0 && lines.count > limit)
    }

    private static func commonPrefix(_ key: String, _ prefix: String, _ delimiter: String) -> String? {
        if delimiter.isEmpty { return nil }
        let bytes = Array(key.utf8)
        let mark = Array(delimiter.utf8)
        var position = prefix.utf8.count
        while position + mark.count <= bytes.count {
            if Array(bytes[position..<(position + mark.count)]) == mark {
                return String(decoding: bytes[..<(position + mark.count)], as: UTF8.self)
            }
            position += 1
        }
        return nil
    }

    /// The objects, and under `text` what a listing tells of each.
    var objects: [(key: String, text: String)] {
        self.stacks.keys.sorted(by: Self.precedes).compactMap { key in
            self.object(key).map { (key, Self.text($0, isLatest: true)) }
        }
    }

    var versions: [(key: String, text: String)] {
        self.stacks.keys.sorted(by: Self.precedes).flatMap { key in
            (self.stacks[key] ?? []).enumerated().map { (key, Self.text($1, isLatest: $0 == 0)) }
        }
    }

    var uploadLines: [(key: String, text: String)] {
        self.stable(self.uploads).map { ($0.upload.key, $0.id) }
    }

    /// By key, and under one key by beginning (LST-8).
    private func stable(_ uploads: [(id: String, upload: Upload)]) -> [(id: String, upload: Upload)] {
        uploads.enumerated().sorted { left, right in
            left.element.upload.key == right.element.upload.key
                ? left.offset < right.offset : Self.precedes(left.element.upload.key, right.element.upload.key)
        }.map(\.element)
    }

    static func text(_ version: Version, isLatest: Bool) -> String {
        version.isDeleteMarker
            ? "\(version.reference.wireForm) marker \(isLatest)"
            : "\(version.reference.wireForm) \(version.etag) \(version.body.count) \(isLatest)"
    }
}
