import TernStorage
import Testing

extension MetadataStoreSuite {
    func checkDeletion(_ store: any MetadataStore) async throws {
        try await store.put([1], [1])
        var batch = MetadataBatch(partition: Self.partition)
        batch.delete([1])
        batch.delete([2])
        try await store.commit(batch)
        #expect(try await store.get([1], in: Self.partition) == nil)
        #expect(try await store.scan(KeyRange(from: [], to: nil), in: Self.partition, limit: 10).isEmpty)
    }

    func checkWriteOrder(_ store: any MetadataStore) async throws {
        var batch = MetadataBatch(partition: Self.partition)
        batch.put([1], [1])
        batch.put([1], [2])
        batch.put([2], [1])
        batch.delete([2])
        batch.delete([3])
        batch.put([3], [3])
        try await store.commit(batch)
        let entries = try await store.scan(KeyRange(from: [], to: nil), in: Self.partition, limit: 10)
        #expect(entries == [KeyValue(key: [1], value: [2]), KeyValue(key: [3], value: [3])])
    }

    func checkAbsent(_ store: any MetadataStore) async throws {
        var batch = MetadataBatch(partition: Self.partition, preconditions: [.absent(key: [1])])
        batch.put([1], [])
        #expect(await store.refusal(of: batch) == nil)
        #expect(await store.refusal(of: batch) == .conflict)
        var deletion = MetadataBatch(partition: Self.partition)
        deletion.delete([1])
        try await store.commit(deletion)
        #expect(await store.refusal(of: batch) == nil)
    }

    func checkEquals(_ store: any MetadataStore) async throws {
        let large = [UInt8](repeating: 9, count: 40_000)
        for value in [[], [0], [1, 2, 3], large] {
            try await store.put([1], value)
            let rows: [(required: [UInt8], refusal: StorageError.Code?)] = [
                (value, nil), (value + [0], .conflict), (value.dropLast() + [77], .conflict), ([5, 5], .conflict),
            ]
            for row in rows {
                var batch = MetadataBatch(partition: Self.partition)
                batch.require([1], is: row.required)
                #expect(await store.refusal(of: batch) == row.refusal)
            }
        }
        var batch = MetadataBatch(partition: Self.partition)
        batch.require([2], is: [])
        #expect(await store.refusal(of: batch) == .conflict, "an absent key does not equal an empty value")
    }

    func checkAtomicity(_ store: any MetadataStore) async throws {
        try await store.put([1], [1])
        var batch = MetadataBatch(partition: Self.partition)
        batch.require([1], is: [1])
        batch.require([2], is: [2])
        batch.put([1], [99])
        batch.put([3], [99])
        batch.delete([1])
        #expect(await store.refusal(of: batch) == .conflict)
        let entries = try await store.scan(KeyRange(from: [], to: nil), in: Self.partition, limit: 10)
        #expect(entries == [KeyValue(key: [1], value: [1])])
    }

    func checkWholeBatch(_ store: any MetadataStore) async throws {
        var batch = MetadataBatch(partition: Self.partition)
        // Preconditions are about the state before the batch, whatever it writes.
        batch.require([1], is: nil)
        batch.put([1], [1])
        for index in 0..<500 { batch.put(Self.key(index), [2]) }
        try await store.commit(batch)
        #expect(try await store.scan(KeyRange(from: [], to: nil), in: Self.partition, limit: 1_000).count == 501)
    }

    func checkSizeLimits(_ store: any MetadataStore) async throws {
        for key in [[], [UInt8](repeating: 1, count: MetadataLimits.keyByteCountMax + 1)] {
            var batch = MetadataBatch(partition: Self.partition)
            batch.put([9], [9])
            batch.put(key, [])
            #expect(await store.refusal(of: batch) == .io)
        }
        #expect(try await store.get([9], in: Self.partition) == nil)
    }

    func checkIsolation(_ store: any MetadataStore) async throws {
        let partitions = [
            PartitionID.directory, PartitionID(kind: .bucket, id: 0), PartitionID(kind: .bucket, id: 1),
            PartitionID(kind: .bucket, id: 1, shard: 1), PartitionID(kind: .bucket, id: 256),
            PartitionID(kind: .bucket, id: .max, shard: .max),
        ]
        for (index, partition) in partitions.enumerated() {
            try await store.put([255, 255], [UInt8(index)], in: partition)
            try await store.put([0], [UInt8(index)], in: partition)
        }
        for (index, partition) in partitions.enumerated() {
            let value = [UInt8(index)]
            let entries = try await store.scan(KeyRange(from: [], to: nil), in: partition, limit: 10)
            #expect(entries == [KeyValue(key: [0], value: value), KeyValue(key: [255, 255], value: value)])
            #expect(try await store.get([0], in: partition) == value)
        }
    }

    func checkPartitions(_ store: any MetadataStore) async throws {
        #expect(try await store.partitions(of: .bucket).isEmpty)
        let buckets = [
            PartitionID(kind: .bucket, id: 0), PartitionID(kind: .bucket, id: 0, shard: 1),
            PartitionID(kind: .bucket, id: 255), PartitionID(kind: .bucket, id: 256),
            PartitionID(kind: .bucket, id: .max, shard: .max),
        ]
        for bucket in buckets.shuffled() {
            for byte in [UInt8](0...20) + [255] { try await store.put([byte, 255], [], in: bucket) }
        }
        #expect(try await store.partitions(of: .directory).isEmpty)
        try await store.put([1], [], in: .directory)
        #expect(try await store.partitions(of: .directory) == [.directory])
        #expect(try await store.partitions(of: .bucket) == buckets)
        var batch = MetadataBatch(partition: buckets[2])
        for byte in [UInt8](0...20) + [255] { batch.delete([byte, 255]) }
        try await store.commit(batch)
        #expect(try await store.partitions(of: .bucket) == buckets.filter { $0 != buckets[2] })
    }
}
