import FoundationEssentials
import TernChecksums
import TernCore
package import TernRecords
package import TernReplication

/// 128 bits that stand for all of a version that source and replica must have alike.
///
/// Two versions with the same fingerprint are the same as far as replication is concerned. It protects against accidents,
/// not against somebody who can write into a region's storage and wants to hide it.
package struct VersionFingerprint: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Parameter includesACL: Whether the replica has the ACL of its source (live-replication rules L-51, L-60).
    package init(_ record: VersionRecord, at place: VersionPlace, includesACL: Bool) {
        var text = VersionText()
        text.append(place.key.bytes)
        text.bytes.append(contentsOf: place.version.newestFirstBytes)
        text.appendContent(of: record)
        for attribute in VersionChange.Attribute.allCases where includesACL || attribute != .acl {
            let stamp = record.stamp(of: attribute)
            text.append(stamp)
            if stamp != 0 { text.append(attribute, of: record) }
        }
        let digest = SHA256Hasher.hash(text.bytes)
        self.init(high: UInt64(bigEndianBytes: digest[0..<8]), low: UInt64(bigEndianBytes: digest[8..<16]))
    }
}

/// How many versions a range has, and the sum of their fingerprints modulo 2^128: it does not depend on their order, so
/// that the sums of a range's parts give that of the range.
package struct RangeDigest: Hashable, Sendable {
    package private(set) var count: UInt64 = 0
    package private(set) var high: UInt64 = 0
    package private(set) var low: UInt64 = 0

    package init() {}

    package init(_ record: RangeDigestRecord) {
        self.count = record.count
        self.high = record.high
        self.low = record.low
    }

    package mutating func add(_ fingerprint: VersionFingerprint) {
        self.add(count: 1, high: fingerprint.high, low: fingerprint.low)
    }

    package mutating func add(_ other: RangeDigest) {
        self.add(count: other.count, high: other.high, low: other.low)
    }

    private mutating func add(count: UInt64, high: UInt64, low: UInt64) {
        self.count &+= count
        let (sum, carries) = self.low.addingReportingOverflow(low)
        self.low = sum
        self.high = self.high &+ high &+ (carries ? 1 : 0)
    }

    package var record: RangeDigestRecord {
        var record = RangeDigestRecord()
        record.count = self.count
        record.high = self.high
        record.low = self.low
        return record
    }
}

/// The parts of a version that are told apart when fingerprints differ.
package struct VersionParts: Hashable, Sendable {
    package struct Register: Hashable, Sendable {
        package var stamp: UInt64
        package var digest: UInt64
    }

    package var content: [UInt8]
    package var tags: Register
    package var retention: Register
    package var legalHold: Register
    package var acl: Register

    package init(_ record: VersionRecord) {
        var text = VersionText()
        text.appendContent(of: record)
        self.content = Array(SHA256Hasher.hash(text.bytes).prefix(16))
        self.tags = Self.register(.tags, of: record)
        self.retention = Self.register(.retention, of: record)
        self.legalHold = Self.register(.legalHold, of: record)
        self.acl = Self.register(.acl, of: record)
    }

    package init(_ record: VerifiedVersionRecord) {
        self.content = Array(record.content)
        self.tags = Register(record.tags)
        self.retention = Register(record.retention)
        self.legalHold = Register(record.legalHold)
        self.acl = Register(record.acl)
    }

    private static func register(_ attribute: VersionChange.Attribute, of record: VersionRecord) -> Register {
        let stamp = record.stamp(of: attribute)
        guard stamp != 0 else { return Register(stamp: 0, digest: 0) }
        var text = VersionText()
        text.append(attribute, of: record)
        return Register(stamp: stamp, digest: UInt64(bigEndianBytes: SHA256Hasher.hash(text.bytes)[0..<8]))
    }

    package subscript(_ attribute: VersionChange.Attribute) -> Register {
        switch attribute {
        case .tags: self.tags
        case .retention: self.retention
        case .legalHold: self.legalHold
        case .acl: self.acl
        }
    }

    func write(to record: inout VerifiedVersionRecord) {
        record.content = .init(self.content)
        record.tags = self.tags.record
        record.retention = self.retention.record
        record.legalHold = self.legalHold.record
        record.acl = self.acl.record
    }
}

extension VersionParts.Register {
    fileprivate init(_ record: AttributeDigestRecord) {
        self.init(stamp: record.stamp, digest: record.digest)
    }

    fileprivate var record: AttributeDigestRecord {
        var record = AttributeDigestRecord()
        record.stamp = self.stamp
        record.digest = self.digest
        return record
    }
}

/// Writes what is compared of a version, each value with its length before it.
private struct VersionText {
    var bytes: [UInt8] = []

    init() {
        self.bytes.reserveCapacity(256)
    }

    mutating func append(_ value: some Collection<UInt8>) {
        self.bytes.append(bigEndian: UInt32(truncatingIfNeeded: value.count))
        self.bytes.append(contentsOf: value)
    }

    mutating func append(_ text: String) { self.append(text.utf8) }
    mutating func append(_ number: UInt64) { self.bytes.append(bigEndian: number) }
    mutating func append(_ number: Int64) { self.bytes.append(bigEndian: number) }

    /// What never changes once a version is written. The storage class is left out: lifecycle changes it on either side
    /// alone, and a rule may name another.
    mutating func appendContent(of record: VersionRecord) {
        self.bytes.append(record.isDeleteMarker ? 1 : 0)
        self.append(record.lastModifiedMs)
        self.append(record.byteCount)
        self.append(record.etagMd5)
        self.append(UInt64(record.etagPartCount))
        self.append(record.checksum.algorithm)
        self.bytes.append(record.checksum.isComposite ? 1 : 0)
        self.append(record.checksum.digest)
        self.append(UInt64(record.checksum.partCount))
        for pairs in [record.systemMetadata, record.userMetadata] {
            self.append(UInt64(pairs.count))
            for pair in pairs {
                self.append(pair.name)
                self.append(pair.value)
            }
        }
    }

    /// The value of an attribute, the same for every order of the same tags or grants.
    mutating func append(_ attribute: VersionChange.Attribute, of record: VersionRecord) {
        switch attribute {
        case .tags:
            self.append(sorted: record.tags.map { [$0.key, $0.value] })
        case .retention:
            self.append(record.retentionMode)
            self.append(record.retainUntilMs)
        case .legalHold:
            self.append(Int64(record.legalHold.rawValue))
        case .acl:
            self.bytes.append(record.hasAcl ? 1 : 0)
            self.append(sorted: record.acl.grants.map { [$0.canonicalID, $0.group, $0.permission] })
        }
    }

    private mutating func append(sorted rows: [[String]]) {
        let texts = rows.map { row in
            var text = VersionText()
            for value in row { text.append(value) }
            return text.bytes
        }
        self.append(UInt64(texts.count))
        for text in texts.sorted(by: { $0.lexicographicallyPrecedes($1) }) { self.append(text) }
    }
}

extension VersionRecord {
    /// The stamp of the latest change of an attribute; 0 where it was never set.
    package func stamp(of attribute: VersionChange.Attribute) -> UInt64 {
        switch attribute {
        case .tags: self.tagsStamp
        case .acl: self.aclStamp
        case .retention: self.retentionStamp
        case .legalHold: self.legalHoldStamp
        }
    }
}
