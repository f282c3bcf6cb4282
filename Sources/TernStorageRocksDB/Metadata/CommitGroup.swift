import CRocksDB
import TernStorage

/// Batches that go to the disk in one write.
///
/// A batch joins if its preconditions hold after all batches that joined before it: the group is a serial history.
/// Belongs to the thread of the commit loop.
struct CommitGroup: ~Copyable {
    private struct Row: Hashable {
        var partition: PartitionID
        var key: [UInt8]

        /// The key in one piece: an array by itself hands the hasher one byte after the other.
        func hash(into hasher: inout Hasher) {
            hasher.combine(self.partition)
            self.key.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
    }

    /// Joined batches and those refused, with their answers in case the write succeeds.
    private var answers: [(commit: WaitingCommit, result: Result<Void, StorageError>)] = []
    /// What the joined batches wrote: `nil` is a deletion.
    private var written: [Row: [UInt8]?] = [:]
    private var refusedCount = 0
    private var native: OpaquePointer
    private var nativeByteCount = 0

    /// Conflicts are ordinary where many write to one key, so the message costs nothing.
    private static let conflict = StorageError(.conflict, "another commit changed a key of this batch first")

    /// A group that has grown over this goes to the disk, so that large values do not pile up in memory.
    private static let byteCountMax = 8 << 20
    /// RocksDB keeps the memory of a used batch; over this it is given back.
    private static let keptByteCountMax = 1 << 20

    init?() {
        guard let native = rocksdb_writebatch_create() else { return nil }
        self.native = native
    }

    deinit {
        rocksdb_writebatch_destroy(self.native)
    }

    var isFull: Bool { self.nativeByteCount >= Self.byteCountMax }

    /// Lets the batch join, or notes why it cannot.
    mutating func add(_ commit: WaitingCommit, database: Database) {
        do throws(StorageError) {
            for precondition in commit.batch.preconditions {
                guard try self.holds(precondition, in: commit.batch.partition, database) else {
                    throw Self.conflict
                }
            }
        } catch {
            self.answers.append((commit, .failure(error)))
            self.refusedCount += 1
            return
        }
        for write in commit.batch.writes { self.append(write, to: commit.batch.partition) }
        self.answers.append((commit, .success(())))
    }

    /// How many batches joined, and how many could not.
    var counts: (joined: Int, refused: Int) { (self.answers.count - self.refusedCount, self.refusedCount) }

    /// Whether there is anything to write; a group of refused batches, or of empty ones, has nothing.
    var hasWrites: Bool { self.nativeByteCount > 0 }

    func write(to database: Database) throws(StorageError) {
        try database.write(self.native)
    }

    /// Answers all callers and makes the group empty.
    ///
    /// - Parameter failure: The reason why the write failed. Then also those that were refused learn it: they were
    ///   refused because of writes that have not happened.
    mutating func finish(failure: StorageError?) {
        let answers = self.answers
        self.answers.removeAll(keepingCapacity: true)
        self.refusedCount = 0
        self.written.removeAll(keepingCapacity: true)
        self.clearNative()
        for (commit, result) in answers {
            if let failure { commit.answer(.failure(failure)) } else { commit.answer(result) }
        }
    }

    private func holds(
        _ precondition: MetadataBatch.Precondition,
        in partition: PartitionID,
        _ database: Database
    ) throws(StorageError) -> Bool {
        if !self.written.isEmpty, let value = self.written[Row(partition: partition, key: precondition.key)] {
            return value == precondition.value
        }
        return try database.isEqual(precondition.key, in: partition, to: precondition.value)
    }

    private mutating func append(_ write: MetadataBatch.Write, to partition: PartitionID) {
        switch write {
        case .put(let key, let value):
            EncodedKey.with(partition, key) { bytes, count in
                value.withUnsafeBytes { value in
                    let valueBytes = value.baseAddress?.assumingMemoryBound(to: CChar.self)
                    rocksdb_writebatch_put(self.native, bytes, count, valueBytes, value.count)
                }
            }
            self.nativeByteCount += key.count + value.count
            self.written[Row(partition: partition, key: key)] = .some(value)
        case .delete(let key):
            EncodedKey.with(partition, key) { bytes, count in rocksdb_writebatch_delete(self.native, bytes, count) }
            self.nativeByteCount += key.count
            self.written[Row(partition: partition, key: key)] = .some(nil)
        }
    }

    private mutating func clearNative() {
        if self.nativeByteCount > Self.keptByteCountMax, let fresh = rocksdb_writebatch_create() {
            rocksdb_writebatch_destroy(self.native)
            self.native = fresh
        } else {
            rocksdb_writebatch_clear(self.native)
        }
        self.nativeByteCount = 0
    }
}
