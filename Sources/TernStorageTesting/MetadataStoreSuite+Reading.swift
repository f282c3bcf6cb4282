import TernStorage
import Testing

extension MetadataStoreSuite {
    func checkValues(_ store: any MetadataStore) async throws {
        #expect(try await store.get([1], in: Self.partition) == nil)
        try await store.put([1], [10])
        #expect(try await store.get([1], in: Self.partition) == [10])
        try await store.put([1], [11, 12])
        #expect(try await store.get([1], in: Self.partition) == [11, 12])
        #expect(try await store.get([1, 0], in: Self.partition) == nil)
        try await store.put([3], [])
        #expect(try await store.get([[3], [2], [1], [1]], in: Self.partition) == [[], nil, [11, 12], [11, 12]])
        #expect(try await store.get([[UInt8]](), in: Self.partition).isEmpty)
    }

    func checkOrder(_ store: any MetadataStore) async throws {
        let ordered: [[UInt8]] = [
            [0], [0, 0], [0, 255], [1], [1, 2, 3], [127], [128], [128, 0], [255], [255, 255],
        ]
        for key in ordered.shuffled() { try await store.put(key, key) }
        let entries = try await store.scan(KeyRange(from: [0], to: nil), in: Self.partition, limit: 100)
        #expect(entries.map(\.key) == ordered)
        #expect(entries.map(\.value) == ordered)
    }

    func checkRanges(_ store: any MetadataStore) async throws {
        for byte in UInt8(1)...9 { try await store.put([byte], []) }
        try await store.put([5, 0], [])
        try await store.put([255, 255], [])
        let rows: [(range: KeyRange, keys: [[UInt8]])] = [
            (KeyRange(from: [3], to: [5]), [[3], [4]]),
            (KeyRange(from: [3, 0], to: [5]), [[4]]),
            (KeyRange(from: [5], to: [6]), [[5], [5, 0]]),
            (KeyRange(from: [8], to: nil), [[8], [9], [255, 255]]),
            (KeyRange(from: [4], to: [4]), []),
            (KeyRange(from: [6], to: [4]), []),
            (KeyRange(from: [10], to: [11]), []),
            (KeyRange(from: [], to: [2]), [[1]]),
            (KeyRange(prefix: [5]), [[5], [5, 0]]),
            (KeyRange(prefix: [255, 255]), [[255, 255]]),
        ]
        for row in rows {
            let entries = try await store.scan(row.range, in: Self.partition, limit: 100)
            #expect(entries.map(\.key) == row.keys, "\(row.range)")
        }
    }

    func checkLimits(_ store: any MetadataStore) async throws {
        var batch = MetadataBatch(partition: Self.partition)
        for index in 0..<2_000 { batch.put(Self.key(index), Self.key(index)) }
        try await store.commit(batch)
        for limit in [0, 1, 2, 999, 1_999, 2_000, 2_001] {
            let entries = try await store.scan(KeyRange(from: [0], to: nil), in: Self.partition, limit: limit)
            #expect(entries.map(\.key) == (0..<min(limit, 2_000)).map(Self.key))
        }
        let page = try await store.scan(KeyRange(from: Self.key(1_500) + [0], to: nil), in: Self.partition, limit: 3)
        #expect(page.map(\.key) == [Self.key(1_501), Self.key(1_502), Self.key(1_503)])
    }

    func checkAnyBytes(_ store: any MetadataStore) async throws {
        let everyByte = [UInt8](0...255)
        let longKey = [UInt8](repeating: 255, count: MetadataLimits.keyByteCountMax)
        for key in [everyByte, [0], [0, 0, 0], [255], longKey] {
            try await store.put(key, everyByte + key)
            #expect(try await store.get(key, in: Self.partition) == everyByte + key)
        }
        let last = try await store.scan(KeyRange(from: [255, 0], to: nil), in: Self.partition, limit: 10)
        #expect(last.map(\.key) == [longKey])
    }

    func checkEmptyValue(_ store: any MetadataStore) async throws {
        try await store.put([1], [])
        #expect(try await store.get([1], in: Self.partition) == [])
        var batch = MetadataBatch(partition: Self.partition)
        batch.require([1], is: [])
        batch.put([1], [1])
        try await store.commit(batch)
        #expect(try await store.get([1], in: Self.partition) == [1])
    }

    func checkLargeValue(_ store: any MetadataStore) async throws {
        for byteCount in [1_023, 1_024, 32_768, 8 << 20] {
            let value = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            try await store.put([1], value)
            #expect(try await store.get([1], in: Self.partition) == value)
            let entries = try await store.scan(KeyRange(prefix: [1]), in: Self.partition, limit: 1)
            #expect(entries == [KeyValue(key: [1], value: value)])
            var batch = MetadataBatch(partition: Self.partition)
            batch.require([1], is: value)
            try await store.commit(batch)
        }
    }

    /// Ordered as the numbers are.
    static func key(_ number: Int) -> [UInt8] {
        [
            1, UInt8(truncatingIfNeeded: number >> 16), UInt8(truncatingIfNeeded: number >> 8),
            UInt8(truncatingIfNeeded: number),
        ]
    }
}

extension MetadataStore {
    func put(
        _ key: [UInt8],
        _ value: [UInt8],
        in partition: PartitionID = MetadataStoreSuite.partition
    ) async throws(StorageError) {
        var batch = MetadataBatch(partition: partition)
        batch.put(key, value)
        try await self.commit(batch)
    }

    /// Commits, and returns why not.
    func refusal(of batch: MetadataBatch) async -> StorageError.Code? {
        do throws(StorageError) {
            try await self.commit(batch)
            return nil
        } catch {
            return error.code
        }
    }
}
