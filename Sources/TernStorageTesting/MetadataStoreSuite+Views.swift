import TernStorage
import Testing

extension MetadataStoreSuite {
    /// An engine without views refuses each with `unsupported`, and is not asked for more.
    func ifViews(
        _ store: any MetadataStore, _ check: (any MetadataStore) async throws -> Void
    ) async throws {
        if self.hasViews { return try await check(store) }
        await #expect(
            performing: { _ = try await store.view(of: Self.partition) },
            throws: { ($0 as? StorageError)?.code == .unsupported })
    }

    /// Pages of a view while every row is overwritten, deleted, or joined by another, and more than once.
    func checkViewUnderWrites(_ store: any MetadataStore) async throws {
        let numbers = 0..<600
        for start in stride(from: 0, to: numbers.count, by: 100) {
            var batch = MetadataBatch(partition: Self.partition)
            for number in start..<start + 100 { batch.put(Self.key(number * 2), Self.value(number, round: 0)) }
            try await store.commit(batch)
        }
        let view = try await store.view(of: Self.partition)
        defer { view.close() }
        let expected = numbers.map { KeyValue(key: Self.key($0 * 2), value: Self.value($0, round: 0)) }
        var found: [KeyValue] = []
        var round = 0
        while true {
            round += 1
            try await Self.changeEverything(numbers, round: round, in: store)
            let from = found.last.map { $0.key + [0] } ?? []
            let page = try await view.scan(KeyRange(from: from, to: nil), limit: 100)
            found += page
            if page.count < 100 { break }
        }
        #expect(found == expected)
        #expect(round == 7)
        let again = try await view.scan(
            [KeyRange(from: [], to: Self.key(4)), KeyRange(from: Self.key(1196), to: nil)], limit: 9)
        #expect(again == [Array(expected[..<2]), Array(expected[598...])])
        #expect(try await view.scan([KeyRange(from: [9], to: [8]), KeyRange(prefix: [2])], limit: 9) == [[], []])
        #expect(try await view.scan(KeyRange(from: [], to: nil), limit: 0).isEmpty)
    }

    /// Of three rows one is overwritten, one deleted, and one made anew after it was deleted; between them others appear.
    private static func changeEverything(
        _ numbers: Range<Int>, round: Int, in store: any MetadataStore
    ) async throws {
        var batch = MetadataBatch(partition: self.partition)
        for number in numbers {
            switch (number + round) % 3 {
            case 0: batch.put(Self.key(number * 2), Self.value(number, round: round))
            case 1: batch.delete(Self.key(number * 2))
            default:
                batch.delete(Self.key(number * 2))
                batch.put(Self.key(number * 2), Self.value(number, round: round))
            }
            batch.put(Self.key(number * 2 + 1), Self.value(number, round: round))
        }
        try await store.commit(batch)
    }

    /// Small ones and, now and then, a large one, which engines may keep elsewhere.
    private static func value(_ number: Int, round: Int) -> [UInt8] {
        let byteCount = number.isMultiple(of: 50) ? 20_000 : 4
        return [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: round)]
            + [UInt8](repeating: UInt8(truncatingIfNeeded: number &+ round), count: byteCount)
    }

    /// A value moves to and fro between two ranges; each view finds it once, at the same place however often it looks.
    func checkViewsOfWholeCommits(_ store: any MetadataStore) async throws {
        let ranges = [KeyRange(prefix: [1]), KeyRange(prefix: [2])]
        try await store.put([1, 1], [])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Self.moveToAndFro(in: store) }
            group.addTask {
                for _ in 0..<50 {
                    let view = try await store.view(of: Self.partition)
                    defer { view.close() }
                    let first = try await view.scan(ranges, limit: 10)
                    #expect(first[0].count + first[1].count == 1)
                    for _ in 0..<3 {
                        await Task.yield()
                        #expect(try await view.scan(ranges, limit: 10) == first)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    func checkSeveralViews(_ store: any MetadataStore) async throws {
        let other = PartitionID(kind: .bucket, id: 8)
        let everything = KeyRange(from: [], to: nil)
        var views: [any MetadataView] = []
        for round in UInt8(0)..<5 {
            views.append(try await store.view(of: Self.partition))
            try await store.put([1], [round])
            try await store.put([1], [100], in: other)
        }
        for (index, view) in views.enumerated() {
            let found = try await view.scan(everything, limit: 10)
            #expect(found == (index == 0 ? [] : [KeyValue(key: [1], value: [UInt8(index - 1)])]))
            // The others go on.
            view.close()
        }
        #expect(try await store.get([1], in: Self.partition) == [4])
    }

    func checkClosedView(_ store: any MetadataStore) async throws {
        try await store.put([1], [1])
        let everything = KeyRange(from: [], to: nil)
        let view = try await store.view(of: Self.partition)
        #expect(try await view.scan(everything, limit: 10).count == 1)
        view.close()
        view.close()
        await #expect(
            performing: { _ = try await view.scan(everything, limit: 10) },
            throws: { ($0 as? StorageError)?.code == .viewGone })
        // Scans and the close at once: each scan is whole, or refused.
        for _ in 0..<20 {
            let view = try await store.view(of: Self.partition)
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        if index == 4 { return view.close() }
                        do throws(StorageError) {
                            let found = try await view.scan(everything, limit: 10)
                            #expect(found == [KeyValue(key: [1], value: [1])])
                        } catch {
                            #expect(error.code == .viewGone)
                        }
                    }
                }
            }
        }
        #expect(try await store.get([1], in: Self.partition) == [1])
    }

    func checkViewOfClosedStore(_ store: any MetadataStore) async throws {
        try await store.put([1], [1])
        let view = try await store.view(of: Self.partition)
        let forgotten = try await store.view(of: Self.partition)
        await store.close()
        let closed: @Sendable (any Error) -> Bool = { ($0 as? StorageError)?.code == .closed }
        await #expect(performing: { _ = try await view.scan(KeyRange(prefix: [1]), limit: 1) }, throws: closed)
        await #expect(performing: { _ = try await store.view(of: Self.partition) }, throws: closed)
        view.close()
        _ = forgotten
    }
}
