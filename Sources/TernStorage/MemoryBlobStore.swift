import NIOCore
import Synchronization

/// A ``BlobStore`` that lives as long as the process: for tests and for the simulator.
///
/// Identifiers come from a seed, so that the same calls make the same identifiers.
package final class MemoryBlobStore: BlobStore {
    fileprivate struct State: Sendable {
        var blobs: [PartitionID: [BlobID: ByteBuffer]] = [:]
        /// Blobs that an operation of this "process" may still be about to name.
        var fresh: Set<Place> = []
        var identifiers: UInt64
        var freeByteCount: Int64

        mutating func makeID() -> BlobID? {
            BlobID((0..<2).flatMap { _ in Self.bytes(of: self.nextWord()) })
        }

        mutating func add(_ bytes: ByteBuffer, to partition: PartitionID) throws(StorageError) -> BlobID {
            guard let id = self.makeID() else { throw StorageError(.io, "no identifier for a blob") }
            self.blobs[partition, default: [:]][id] = bytes
            self.fresh.insert(Place(partition: partition, id: id))
            return id
        }

        /// SplitMix64: distinct for 2^64 calls.
        private mutating func nextWord() -> UInt64 {
            self.identifiers &+= 0x9E37_79B9_7F4A_7C15
            var word = self.identifiers
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }

        private static func bytes(of word: UInt64) -> [UInt8] {
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
    }

    fileprivate struct Place: Hashable, Sendable {
        var partition: PartitionID
        var id: BlobID
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - seed: Determines the identifiers.
    ///   - capacity: Bytes that fit before writers throw ``StorageError/Code/noSpace``.
    package init(seed: UInt64 = 0, capacity: Int64 = .max) {
        self.state = Mutex(State(identifiers: seed, freeByteCount: capacity))
    }

    /// Does what a restart of the process does: whatever is stored now, no operation is about to name.
    package func settle() {
        self.state.withLock { $0.fresh.removeAll() }
    }

    package func makeWriter(in partition: PartitionID) async throws(StorageError) -> any BlobWriter {
        MemoryBlobWriter(store: self, partition: partition)
    }

    package func open(_ id: BlobID, in partition: PartitionID) async throws(StorageError) -> any BlobReader {
        guard let bytes = self.state.withLock({ $0.blobs[partition]?[id] }) else {
            throw StorageError(.notFound, "no blob \(id.bytes)")
        }
        return MemoryBlobReader(bytes: bytes)
    }

    package func clone(
        _ ids: [BlobID],
        from source: PartitionID,
        to destination: PartitionID
    ) async throws(StorageError) -> [BlobID] {
        try self.state.withLock { state throws(StorageError) in
            var sources: [ByteBuffer] = []
            for id in ids {
                guard let bytes = state.blobs[source]?[id] else { throw StorageError(.notFound, "no blob \(id.bytes)") }
                sources.append(bytes)
            }
            var clones: [BlobID] = []
            for bytes in sources { clones.append(try state.add(bytes, to: destination)) }
            return clones
        }
    }

    package func delete(_ ids: [BlobID], in partition: PartitionID) async throws(StorageError) {
        self.state.withLock { state in
            for id in ids {
                if let bytes = state.blobs[partition]?.removeValue(forKey: id) {
                    let (sum, isOverflown) = state.freeByteCount.addingReportingOverflow(Int64(bytes.readableBytes))
                    state.freeByteCount = isOverflown ? .max : sum
                }
                state.fresh.remove(Place(partition: partition, id: id))
            }
        }
    }

    package func unsettled(
        in partition: PartitionID,
        after cursor: BlobID?,
        limit: Int
    ) async throws(StorageError) -> [BlobID] {
        self.state.withLock { state in
            let candidates = (state.blobs[partition] ?? [:]).keys.filter { id in
                if let cursor, id <= cursor { return false }
                return !state.fresh.contains(Place(partition: partition, id: id))
            }
            return Array(candidates.sorted().prefix(limit))
        }
    }

    package func partitions() async throws(StorageError) -> [PartitionID] {
        self.state.withLock { state in state.blobs.filter { !$0.value.isEmpty }.keys.sorted() }
    }

    package func freeBytes() async throws(StorageError) -> Int64 {
        self.state.withLock { $0.freeByteCount }
    }

    fileprivate func reserve(_ byteCount: Int) throws(StorageError) {
        try self.state.withLock { state throws(StorageError) in
            guard state.freeByteCount >= Int64(byteCount) else {
                throw StorageError(.noSpace, "the memory store is full")
            }
            state.freeByteCount -= Int64(byteCount)
        }
    }

    fileprivate func release(_ byteCount: Int) {
        self.state.withLock { $0.freeByteCount += Int64(byteCount) }
    }

    fileprivate func add(_ bytes: ByteBuffer, to partition: PartitionID) throws(StorageError) -> BlobID {
        try self.state.withLock { state throws(StorageError) in try state.add(bytes, to: partition) }
    }
}

private final class MemoryBlobWriter: BlobWriter {
    private let store: MemoryBlobStore
    private let partition: PartitionID
    /// `nil` once the writer is finished or discarded.
    private let bytes: Mutex<ByteBuffer?> = Mutex(ByteBuffer())

    init(store: MemoryBlobStore, partition: PartitionID) {
        self.store = store
        self.partition = partition
    }

    deinit {
        if let bytes = self.bytes.withLock({ $0 }) { self.store.release(bytes.readableBytes) }
    }

    func write(_ bytes: ByteBuffer) async throws(StorageError) {
        try self.store.reserve(bytes.readableBytes)
        self.bytes.withLock { stored in
            precondition(stored != nil, "a blob writer was used after its end")
            _ = stored?.writeImmutableBuffer(bytes)
        }
    }

    func finish() async throws(StorageError) -> BlobID {
        guard let bytes = self.bytes.withLock({ $0.take() }) else {
            preconditionFailure("a blob writer was used after its end")
        }
        return try self.store.add(bytes, to: self.partition)
    }

    func discard() async {
        if let bytes = self.bytes.withLock({ $0.take() }) { self.store.release(bytes.readableBytes) }
    }
}

private final class MemoryBlobReader: BlobReader {
    private let bytes: ByteBuffer

    init(bytes: ByteBuffer) {
        self.bytes = bytes
    }

    var byteCount: Int64 { Int64(self.bytes.readableBytes) }

    func read(at offset: Int64, maximum: Int) async throws(StorageError) -> ByteBuffer {
        guard offset >= 0, offset < self.byteCount, maximum > 0 else { return ByteBuffer() }
        let start = self.bytes.readerIndex + Int(offset)
        let count = min(maximum, self.bytes.readableBytes - Int(offset))
        return self.bytes.getSlice(at: start, length: count) ?? ByteBuffer()
    }
}
