import TernStorage
import Testing

extension MetadataStoreSuite {
    func checkCounter(_ store: any MetadataStore) async throws {
        let taskCount = 16
        let incrementCount = 25
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<taskCount {
                group.addTask {
                    for _ in 0..<incrementCount { try await Self.increment([1], in: store) }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await Self.count([1], in: store) == taskCount * incrementCount)
    }

    /// Each task has its own row, and one row that all want: exactly one of each round may get it.
    func checkRivals(_ store: any MetadataStore) async throws {
        for round in 0..<20 {
            let winners = try await withThrowingTaskGroup(of: Int?.self) { group in
                for rival in 0..<10 {
                    group.addTask {
                        var batch = MetadataBatch(partition: Self.partition)
                        batch.require([1, UInt8(round)], is: nil)
                        batch.put([1, UInt8(round)], [UInt8(rival)])
                        batch.put([2, UInt8(round), UInt8(rival)], [])
                        return await store.refusal(of: batch) == nil ? rival : nil
                    }
                }
                return try await group.reduce(into: [Int]()) { winners, rival in
                    if let rival { winners.append(rival) }
                }
            }
            try #require(winners.count == 1)
            let winner = UInt8(winners[0])
            #expect(try await store.get([1, UInt8(round)], in: Self.partition) == [winner])
            let traces = try await store.scan(KeyRange(prefix: [2, UInt8(round)]), in: Self.partition, limit: 100)
            #expect(traces.map(\.key) == [[2, UInt8(round), winner]], "the losers have written nothing")
        }
    }

    /// Two rows always change together, so no scan may ever see them differ.
    func checkScansUnderWrites(_ store: any MetadataStore) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for value in UInt8(0)..<100 {
                    var batch = MetadataBatch(partition: Self.partition)
                    batch.put([1], [value])
                    batch.put([200], [value])
                    try await store.commit(batch)
                }
            }
            group.addTask {
                for _ in 0..<300 {
                    let rows = try await store.scan(KeyRange(from: [], to: nil), in: Self.partition, limit: 10)
                    #expect(Set(rows.map(\.value)).count <= 1)
                    #expect(rows.isEmpty || rows.count == 2)
                }
            }
            try await group.waitForAll()
        }
    }

    func checkClosed(_ store: any MetadataStore) async throws {
        try await store.put([1], [1])
        await store.close()
        await store.close()
        let closed: @Sendable (any Error) -> Bool = { ($0 as? StorageError)?.code == .closed }
        let write = MetadataBatch(partition: Self.partition, writes: [.delete(key: [1])])
        await #expect(performing: { _ = try await store.get([1], in: Self.partition) }, throws: closed)
        let everything = KeyRange(from: [], to: nil)
        await #expect(
            performing: { _ = try await store.scan(everything, in: Self.partition, limit: 1) },
            throws: closed
        )
        await #expect(performing: { try await store.commit(write) }, throws: closed)
        await #expect(performing: { _ = try await store.partitions(of: .bucket) }, throws: closed)
    }

    /// Commits, reads and two closes at once: each commit is either acknowledged or refused with `closed`.
    func checkCloseUnderCommits(_ store: any MetadataStore) async throws {
        let acknowledged = try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            for index in 0..<200 {
                group.addTask {
                    if index == 100 || index == 101 {
                        await store.close()
                        return nil
                    }
                    do throws(StorageError) {
                        try await store.put(Self.key(index), [1])
                        _ = try? await store.get(Self.key(index), in: Self.partition)
                        return Self.key(index)
                    } catch {
                        #expect(error.code == .closed)
                        return nil
                    }
                }
            }
            return try await group.reduce(into: [[UInt8]]()) { keys, key in if let key { keys.append(key) } }
        }
        guard self.isDurable else { return }
        let reopened = try await self.open()
        let entries = try await reopened.scan(KeyRange(prefix: [1]), in: Self.partition, limit: 1_000)
        #expect(entries.map(\.key) == acknowledged.sorted { KeyOrder.precedes($0, $1) })
        await reopened.close()
    }

    func checkDurability(_ store: any MetadataStore) async throws {
        guard self.isDurable else { return }
        let large = [UInt8](repeating: 7, count: 100_000)
        try await store.put([1], [1])
        try await store.put([2], large)
        try await store.put([3], [3])
        try await store.commit(MetadataBatch(partition: Self.partition, writes: [.delete(key: [1])]))
        await store.close()
        for _ in 0..<3 {
            let reopened = try await self.open()
            let entries = try await reopened.scan(KeyRange(from: [], to: nil), in: Self.partition, limit: 10)
            #expect(entries == [KeyValue(key: [2], value: large), KeyValue(key: [3], value: [3])])
            await reopened.close()
        }
    }

    private static func increment(_ key: [UInt8], in store: any MetadataStore) async throws {
        while true {
            let value = try await store.get(key, in: self.partition)
            var batch = MetadataBatch(partition: self.partition)
            batch.require(key, is: value)
            let count = (value.map(self.number) ?? 0) + 1
            batch.put(key, [UInt8(count >> 8), UInt8(count & 255)])
            switch await store.refusal(of: batch) {
            case nil: return
            case .conflict: continue
            case let code?: throw StorageError(code, "an increment failed")
            }
        }
    }

    private static func count(_ key: [UInt8], in store: any MetadataStore) async throws -> Int {
        try await store.get(key, in: self.partition).map(self.number) ?? 0
    }

    private static func number(_ bytes: [UInt8]) -> Int {
        bytes.reduce(0) { $0 << 8 | Int($1) }
    }

    /// Moves a value between the ranges of 1 and of 2, which has its place in that of 1.
    static func moveToAndFro(in store: any MetadataStore) async throws {
        for round in 0..<200 {
            var batch = MetadataBatch(partition: self.partition)
            batch.delete([round.isMultiple(of: 2) ? 1 : 2, 1])
            batch.put([round.isMultiple(of: 2) ? 2 : 1, 1], [])
            try await store.commit(batch)
        }
    }

    /// A value moves to and fro between two ranges; whoever reads both together finds it exactly once.
    func checkScansTogether(_ store: any MetadataStore) async throws {
        let ranges = [KeyRange(prefix: [1]), KeyRange(prefix: [2]), KeyRange(from: [9], to: [8])]
        try await store.put([1, 1], [])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Self.moveToAndFro(in: store) }
            group.addTask {
                for _ in 0..<200 {
                    let found = try await store.scan(ranges, in: Self.partition, limit: 10)
                    #expect(found.count == 3)
                    #expect(found[0].count + found[1].count == 1)
                    #expect(found[2].isEmpty)
                    await Task.yield()
                }
            }
            try await group.waitForAll()
        }
    }
}
