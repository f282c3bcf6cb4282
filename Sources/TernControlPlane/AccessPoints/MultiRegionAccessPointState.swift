import SwiftProtobuf
package import TernCore
import TernPolicy
package import TernPorts
package import TernRecords
package import TernS3Protocol

/// All Multi-Region Access Points, and what was asked of them, at one moment. Changes are planned on it as pure functions,
/// and made by applying rows: the same way in the home region and in those that follow.
package struct MultiRegionAccessPointState: ControlState {
    /// Grows with every change.
    private(set) var generation: UInt64 = 0
    /// By alias, as they are stored.
    private var records: [String: MultiRegionAccessPointRecord] = [:]
    /// By alias, as requests meet them: those alone that are ready.
    private var points: [String: MultiRegionAccessPoint] = [:]
    /// Aliases by name, by account.
    private var names: [String: [String: String]] = [:]
    /// By ID.
    private(set) var requests: [String: MultiRegionAccessPointRequestRecord] = [:]
    /// IDs of requests by account and client token.
    private var tokens: [ClientToken: String] = [:]
    /// Aliases that were given before, which no access point gets again (MRP-1).
    private var retired: Set<String> = []

    private struct ClientToken: Hashable {
        var account: String
        var token: String
    }

    package init() {}

    // MARK: Looking

    package func point(alias: String) -> MultiRegionAccessPoint? { self.points[alias] }

    package func record(alias: String) -> MultiRegionAccessPointRecord? { self.records[alias] }

    package func record(named name: String, in account: AccountID) -> MultiRegionAccessPointRecord? {
        self.names[account.description]?[name].flatMap { self.records[$0] }
    }

    package func count(in account: AccountID) -> Int { self.names[account.description]?.count ?? 0 }

    /// Those of an account whose names come after `name`, in the order of names.
    package func page(
        in account: AccountID, after name: String, limit: Int
    ) -> (records: [MultiRegionAccessPointRecord], isTruncated: Bool) {
        let names = (self.names[account.description] ?? [:]).filter { $0.key > name }.sorted { $0.key < $1.key }
        return (names.prefix(limit).compactMap { self.records[$0.value] }, names.count > limit)
    }

    package func isInUse(bucket: String, by account: AccountID) -> Bool {
        (self.names[account.description] ?? [:]).values.contains { alias in
            self.records[alias]?.regions.contains { $0.bucket == bucket } ?? false
        }
    }

    /// Whether an alias is, or ever was, an access point's.
    func isTaken(alias: String) -> Bool { self.records[alias] != nil || self.retired.contains(alias) }

    package func request(id: String, of account: AccountID) -> MultiRegionAccessPointRequestRecord? {
        guard let request = self.requests[id], request.account == account.description else { return nil }
        return request
    }

    func request(clientToken: String, of account: String) -> MultiRegionAccessPointRequestRecord? {
        self.tokens[ClientToken(account: account, token: clientToken)].flatMap { self.requests[$0] }
    }

    /// The oldest request that is not done.
    var nextRequest: MultiRegionAccessPointRequestRecord? {
        self.requests.values.filter { $0.status == .new }.min { $0.sequence < $1.sequence }
    }

    // MARK: Rows

    /// The key of every row begins so; it alone is the key of the generation.
    static let prefix = Array("mrap".utf8)

    private static let pointLetter = UInt8(ascii: "p")
    private static let requestLetter = UInt8(ascii: "r")
    private static let retiredLetter = UInt8(ascii: "x")

    static func pointKey(_ alias: String) -> [UInt8] { self.key(self.pointLetter, alias) }
    static func requestKey(_ id: String) -> [UInt8] { self.key(self.requestLetter, id) }
    static func retiredKey(_ alias: String) -> [UInt8] { self.key(self.retiredLetter, alias) }

    private static func key(_ letter: UInt8, _ id: String) -> [UInt8] { self.prefix + [0, letter] + Array(id.utf8) }

    /// Takes a row as it is now.
    ///
    /// - Throws: When the row's value is not what it should be.
    mutating func apply(_ key: [UInt8], _ value: [UInt8]?) throws {
        guard key.starts(with: Self.prefix) else { return }
        let rest = key.dropFirst(Self.prefix.count)
        if rest.isEmpty {
            self.generation = UInt64(bigEndianBytes: value ?? [])
            return
        }
        guard rest.first == 0, let letter = rest.dropFirst().first else { return }
        let id = String(decoding: rest.dropFirst(2), as: UTF8.self)
        switch letter {
        case Self.pointLetter:
            let record = try value.map { try MultiRegionAccessPointRecord(serializedBytes: $0) }
            let point = try record.flatMap { try MultiRegionAccessPoint($0) }
            self.forget(alias: id)
            if let record {
                self.records[id] = record
                self.points[id] = point
                self.names[record.account, default: [:]][record.name] = id
            }
        case Self.requestLetter:
            let request = try value.map { try MultiRegionAccessPointRequestRecord(serializedBytes: $0) }
            if let old = self.requests.removeValue(forKey: id) {
                self.tokens[ClientToken(account: old.account, token: old.clientToken)] = nil
            }
            if let request {
                self.requests[id] = request
                self.tokens[ClientToken(account: request.account, token: request.clientToken)] = id
            }
        case Self.retiredLetter:
            if value == nil { self.retired.remove(id) } else { self.retired.insert(id) }
        default:
            break
        }
    }

    private mutating func forget(alias: String) {
        guard let old = self.records.removeValue(forKey: alias) else { return }
        self.points[alias] = nil
        // Rows of several changes may be read in any order: the name may be another access point's by now.
        if self.names[old.account]?[old.name] == alias { self.names[old.account]?[old.name] = nil }
    }
}

extension MultiRegionAccessPoint {
    /// `nil` for one that is not ready.
    ///
    /// - Throws: When its policy or a region cannot be read.
    fileprivate init?(_ record: MultiRegionAccessPointRecord) throws {
        guard record.status == .ready else { return nil }
        var routes: [Route] = []
        for region in record.regions {
            guard let name = RegionName(region.region) else { throw ControlLogError("\(region.region) is no region") }
            routes.append(
                Route(
                    region: name, bucket: region.bucket, bucketAccount: AccountID(trusted: region.bucketAccount),
                    trafficDial: Int(region.trafficDial)))
        }
        var policy: CompiledPolicy?
        if !record.establishedPolicy.isEmpty {
            policy = try CompiledPolicy(
                json: Array(record.establishedPolicy.utf8), kind: .bucket, name: "access point policy",
                bindings: record.bindings)
        }
        self.init(
            account: AccountID(trusted: record.account), name: record.name, alias: record.alias, routes: routes,
            policy: policy, publicAccessBlock: PublicAccessBlock(record.publicAccessBlock))
    }
}

extension MultiRegionAccessPointRecord {
    /// The unique IDs of the users and roles that the established policy names, by their ARNs (IAM-26).
    package var bindings: [String: String] {
        Dictionary(self.establishedBindings.map { ($0.arn, $0.uniqueID) }) { first, _ in first }
    }

    package var arn: String {
        MultiRegionAccessPoint.arn(account: AccountID(trusted: self.account), alias: self.alias)
    }
}

extension PublicAccessBlock {
    package init(_ record: PublicAccessBlockRecord) {
        self.init()
        self.blockPublicAcls = record.blockPublicAcls
        self.ignorePublicAcls = record.ignorePublicAcls
        self.blockPublicPolicy = record.blockPublicPolicy
        self.restrictPublicBuckets = record.restrictPublicBuckets
    }
}

extension PublicAccessBlockRecord {
    package init(_ block: PublicAccessBlock) {
        self.init()
        self.blockPublicAcls = block.blockPublicAcls
        self.ignorePublicAcls = block.ignorePublicAcls
        self.blockPublicPolicy = block.blockPublicPolicy
        self.restrictPublicBuckets = block.restrictPublicBuckets
    }
}
