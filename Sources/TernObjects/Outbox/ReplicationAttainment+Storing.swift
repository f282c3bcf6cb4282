import Synchronization
import TernCore
import TernPorts
import TernRecords
package import TernS3Protocol
package import TernStorage

/// What a commit would have added to the months of a bucket that failed with its outcome unknown.
struct DoubtfulMonths: Sendable {
    /// A row that the commit changes, and its value before: counts only grow, so that it says whether the commit was made.
    var row: [UInt8]
    var value: [UInt8]?
    var changes: [(key: ReplicationAttainment.Key, change: MonthChange)]
}

extension ReplicationAttainment {
    /// Adds what was gathered to the stored rows: one commit for each bucket. What cannot be stored is kept for the next
    /// time; after a failure whose outcome is unknown, the store is asked first whether it was stored after all.
    package func store(in metadata: any MetadataStore) async throws(S3Error) {
        await self.storing.acquire()
        defer { self.storing.release() }
        try await self.resolveStoring(in: metadata)
        let changes = self.changes.withLock { changes in
            let taken = changes
            changes = [:]
            return taken
        }
        var failure: S3Error?
        for (bucketID, ofBucket) in Dictionary(grouping: changes, by: { $0.key.bucketID }) {
            do throws(S3Error) {
                try await self.store(ofBucket.map { ($0.key, $0.value) }, bucketID: bucketID, in: metadata)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// Finds out what became of commits that gave no answer; what was not stored counts as gathered again. Throws while the
    /// store does not answer.
    private func resolveStoring(in metadata: any MetadataStore) async throws(S3Error) {
        for (bucketID, months) in self.doubtfulStore.withLock({ $0 }) {
            let partition = PartitionID(kind: .bucket, id: bucketID)
            let isUnmade = try await metadata.confirms(months.row, is: months.value, in: partition)
            self.doubtfulStore.withLock { $0[bucketID] = nil }
            if isUnmade { self.keep(months.changes) }
        }
    }

    /// Counts as gathered what was not stored.
    private func keep(_ unstored: [(key: Key, change: MonthChange)]) {
        self.changes.withLock { changes in
            for (key, change) in unstored {
                if var newer = changes[key] {
                    newer.record.add(change.record)
                    newer.lags.add(change.lags.buckets, maximum: change.lags.maximum)
                    changes[key] = newer
                } else {
                    changes[key] = change
                }
            }
        }
    }

    private func store(
        _ changes: [(key: Key, change: MonthChange)], bucketID: UInt64, in metadata: any MetadataStore
    ) async throws(S3Error) {
        let partition = PartitionID(kind: .bucket, id: bucketID)
        var batch = MetadataBatch(partition: partition)
        var witness: (row: [UInt8], value: [UInt8]?)?
        do throws(S3Error) {
            // A bucket that is gone has no use for it; one that is being deleted takes nothing any more.
            guard let epoch = try await metadata.value(Keyspace.epoch, in: partition) else { return }
            batch.require(Keyspace.epoch, is: epoch)
            for (key, change) in changes {
                let row = Keyspace.replicationMonth(key.month, rule: key.ruleID, destination: key.destination)
                let value = try await metadata.value(row, in: partition)
                batch.require(row, is: value)
                batch.put(row, try encodeRecord(try Self.sum(of: change, and: value, for: key)))
                witness = witness ?? (row, value)
            }
        } catch {
            self.keep(changes)
            throw error
        }
        guard let witness else { return }
        let isStored: Bool
        do throws(S3Error) {
            isStored = try await metadata.tryCommit(batch)
        } catch {
            self.doubtfulStore.withLock {
                $0[bucketID] = DoubtfulMonths(row: witness.row, value: witness.value, changes: changes)
            }
            throw error
        }
        guard isStored else {
            self.keep(changes)
            throw .operationAborted
        }
    }

    private static func sum(
        of change: MonthChange, and value: [UInt8]?, for key: Key
    ) throws(S3Error) -> ReplicationMonthRecord {
        var record = ReplicationMonthRecord()
        if let value { record = try decodeRecord(value) }
        record.ruleID = key.ruleID
        record.destinationBucket = key.destination
        var lags = LagHistogram()
        lags.add(record.lags.lazy.map { (Int($0.bucket), $0.count) }, maximum: record.maximumMs)
        record.add(change.record)
        lags.add(change.lags.buckets, maximum: change.lags.maximum)
        record.lags = lags.buckets.map { bucket, count in
            var lag = ReplicationMonthRecord.LagCount()
            lag.bucket = UInt32(bucket)
            lag.count = count
            return lag
        }
        record.maximumMs = lags.maximum
        return record
    }
}

extension ReplicationMonthRecord {
    /// Adds all but the histogram, which has its own type.
    mutating func add(_ other: ReplicationMonthRecord) {
        self.timeControl = self.timeControl || other.timeControl
        self.completed += other.completed
        self.within += other.within
        self.missed += other.missed
        self.failed += other.failed
        self.notTracked += other.notTracked
        self.bytes += other.bytes
        self.addSlowest(other.slowest)
    }

    func isAmongSlowest(_ lag: Int64) -> Bool {
        self.slowest.count < ReplicationAttainment.slowestCount || (self.slowest.last?.lagMs ?? 0) < lag
    }

    mutating func addSlowest(_ operations: [SlowOperation]) {
        if operations.isEmpty { return }
        self.slowest = Array(
            (self.slowest + operations).sorted { $0.lagMs > $1.lagMs }.prefix(ReplicationAttainment.slowestCount))
    }
}
