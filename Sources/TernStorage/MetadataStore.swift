/// An ordered, partitioned key-value store: the only thing a storage engine has to be, besides a ``BlobStore``.
///
/// - A commit is atomic, durable when it returns, and touches one partition. It is visible to every read that starts
///   after it returned.
/// - Reads see whole commits only. A scan sees the partition as of one moment.
/// - Keys are 1 to 4,096 bytes and values 0 to 64 MiB, any bytes; keys are ordered as unsigned bytes.
///
/// Every engine passes the suite in `TernStorageTesting`.
package protocol MetadataStore: Sendable {
    /// The value of a key, or `nil`.
    func get(_ key: [UInt8], in partition: PartitionID) async throws(StorageError) -> [UInt8]?

    /// The values of several keys, in their order; `nil` for those that have none. Each is as of some moment of the call.
    func get(_ keys: [[UInt8]], in partition: PartitionID) async throws(StorageError) -> [[UInt8]?]

    /// The first `limit` entries of the range, in ascending order of keys.
    func scan(_ range: KeyRange, in partition: PartitionID, limit: Int) async throws(StorageError) -> [KeyValue]

    /// The first `limit` entries of each range, all as of one moment.
    func scan(_ ranges: [KeyRange], in partition: PartitionID, limit: Int) async throws(StorageError) -> [[KeyValue]]

    /// Opens a view of the partition as it is now: every commit that returned before is in it, and none that starts later.
    ///
    /// - Throws: ``StorageError/Code/unsupported`` by an engine that has no such reads. Its callers then say so, or do
    ///   without where one moment is not promised; what is put together of several scans is no substitute.
    func view(of partition: PartitionID) async throws(StorageError) -> any MetadataView

    /// Applies the batch if all its preconditions hold, else throws ``StorageError/Code/conflict`` and changes nothing.
    ///
    /// After any other error the outcome is unknown: the batch may still appear, as a whole, when the store is opened
    /// again. So a caller must not delete the blobs that the batch names; the collector finds out whether they are named.
    func commit(_ batch: MetadataBatch) async throws(StorageError)

    /// The partitions of a kind that hold at least one key.
    func partitions(of kind: PartitionID.Kind) async throws(StorageError) -> [PartitionID]

    /// Finishes the commits that wait, and closes the store; later calls throw ``StorageError/Code/closed``.
    func close() async
}

extension MetadataStore {
    /// One after the other, for engines that do not wait for reads.
    package func get(_ keys: [[UInt8]], in partition: PartitionID) async throws(StorageError) -> [[UInt8]?] {
        var values: [[UInt8]?] = []
        values.reserveCapacity(keys.count)
        for key in keys { values.append(try await self.get(key, in: partition)) }
        return values
    }
}

/// The unit of atomicity of a ``MetadataStore``.
package struct PartitionID: Hashable, Sendable {
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// Bucket names, their change log, region state.
        case directory = 1
        /// One shard of a bucket: its configuration, versions, uploads and replication tasks.
        case bucket = 2
        /// The tasks of one job of S3 Batch Operations, and their results.
        case job = 3
    }

    package let kind: Kind
    /// The bucket's or job's number; 0 for the directory.
    package let id: UInt64
    /// The shard of the bucket's object space. The embedded engine keeps a bucket in one shard, number 0.
    package let shard: UInt16

    package init(kind: Kind, id: UInt64, shard: UInt16 = 0) {
        self.kind = kind
        self.id = id
        self.shard = shard
    }

    package static let directory = PartitionID(kind: .directory, id: 0)

    /// The bytes before every key of the partition in an engine that keeps all partitions in one key space.
    package var prefix: [UInt8] {
        var bytes: [UInt8] = [self.kind.rawValue]
        bytes.reserveCapacity(Self.prefixByteCount)
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: self.id >> UInt64(shift)))
        }
        bytes.append(UInt8(truncatingIfNeeded: self.shard >> 8))
        bytes.append(UInt8(truncatingIfNeeded: self.shard))
        return bytes
    }

    package static let prefixByteCount = 11
}

/// Keys from `lower` (included) to `upper` (excluded; `nil` is the end of the partition).
package struct KeyRange: Hashable, Sendable {
    package var lower: [UInt8]
    package var upper: [UInt8]?

    package init(from lower: [UInt8], to upper: [UInt8]?) {
        self.lower = lower
        self.upper = upper
    }

    /// Every key that starts with `prefix`.
    package init(prefix: [UInt8]) {
        self.lower = prefix
        self.upper = Self.end(ofPrefix: prefix)
    }

    /// The least key that is greater than every key with this prefix, or `nil` if there is none.
    package static func end(ofPrefix prefix: [UInt8]) -> [UInt8]? {
        var end = prefix
        while let last = end.popLast() {
            if last < 255 {
                end.append(last + 1)
                return end
            }
        }
        return nil
    }
}

package struct KeyValue: Hashable, Sendable {
    package var key: [UInt8]
    package var value: [UInt8]

    package init(key: [UInt8], value: [UInt8]) {
        self.key = key
        self.value = value
    }
}

/// Preconditions and writes that are applied together or not at all.
package struct MetadataBatch: Sendable {
    package enum Precondition: Sendable, Hashable {
        case absent(key: [UInt8])
        case equals(key: [UInt8], value: [UInt8])
    }

    package enum Write: Sendable, Hashable {
        case put(key: [UInt8], value: [UInt8])
        case delete(key: [UInt8])
    }

    package var partition: PartitionID
    package var preconditions: [Precondition]
    /// In order: of two writes to one key the later one stands.
    package var writes: [Write]

    package init(partition: PartitionID, preconditions: [Precondition] = [], writes: [Write] = []) {
        self.partition = partition
        self.preconditions = preconditions
        self.writes = writes
    }

    /// Requires that the key still has the value that was read: `nil` means absent.
    package mutating func require(_ key: [UInt8], is value: [UInt8]?) {
        if let value {
            self.preconditions.append(.equals(key: key, value: value))
        } else {
            self.preconditions.append(.absent(key: key))
        }
    }

    package mutating func put(_ key: [UInt8], _ value: [UInt8]) {
        self.writes.append(.put(key: key, value: value))
    }

    package mutating func delete(_ key: [UInt8]) {
        self.writes.append(.delete(key: key))
    }
}
