/// Keys and values in the order of the keys, as a list of bounded sorted chunks.
///
/// A look-up searches the list of chunks and then one chunk; an insertion moves at most one chunk. So both stay cheap at
/// the hundreds of thousands of entries that a simulation keeps.
struct SortedEntries: Sendable {
    /// None is empty.
    private var chunks: [[KeyValue]] = []

    private static let chunkCapacity = 256

    var isEmpty: Bool { self.chunks.isEmpty }

    subscript(key: [UInt8]) -> [UInt8]? {
        guard let place = self.place(of: key), place.isExact else { return nil }
        return self.chunks[place.chunk][place.index].value
    }

    mutating func put(_ key: [UInt8], _ value: [UInt8]) {
        let entry = KeyValue(key: key, value: value)
        guard let place = self.place(of: key) else {
            self.append(entry)
            return
        }
        if place.isExact {
            self.chunks[place.chunk][place.index].value = value
            return
        }
        self.chunks[place.chunk].insert(entry, at: place.index)
        self.splitIfFull(place.chunk)
    }

    mutating func remove(_ key: [UInt8]) {
        guard let place = self.place(of: key), place.isExact else { return }
        self.chunks[place.chunk].remove(at: place.index)
        if self.chunks[place.chunk].isEmpty { self.chunks.remove(at: place.chunk) }
    }

    func scan(_ range: KeyRange, limit: Int) -> [KeyValue] {
        guard let start = self.place(of: range.lower) else { return [] }
        var found: [KeyValue] = []
        var index = start.index
        for chunk in self.chunks[start.chunk...] {
            while index < chunk.count {
                if found.count >= limit { return found }
                if let upper = range.upper, !KeyOrder.precedes(chunk[index].key, upper) { return found }
                found.append(chunk[index])
                index += 1
            }
            index = 0
        }
        return found
    }

    /// Where the first key that is not less than `key` stands, or `nil` if all are less.
    private func place(of key: [UInt8]) -> (chunk: Int, index: Int, isExact: Bool)? {
        let chunk = Self.firstIndex(below: self.chunks.count) { position in
            guard let last = self.chunks[position].last else { return false }
            return !KeyOrder.precedes(last.key, key)
        }
        guard chunk < self.chunks.count else { return nil }
        let entries = self.chunks[chunk]
        let index = Self.firstIndex(below: entries.count) { !KeyOrder.precedes(entries[$0].key, key) }
        return (chunk, index, entries[index].key == key)
    }

    /// The least index for which `isReached` is true, when it is false up to there and true from there; else `count`.
    private static func firstIndex(below count: Int, where isReached: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isReached(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private mutating func append(_ entry: KeyValue) {
        if self.chunks.isEmpty {
            self.chunks.append([entry])
        } else {
            self.chunks[self.chunks.count - 1].append(entry)
            self.splitIfFull(self.chunks.count - 1)
        }
    }

    private mutating func splitIfFull(_ chunk: Int) {
        let count = self.chunks[chunk].count
        guard count > Self.chunkCapacity else { return }
        let upperHalf = Array(self.chunks[chunk][(count / 2)...])
        self.chunks[chunk].removeSubrange((count / 2)...)
        self.chunks.insert(upperHalf, at: chunk + 1)
    }
}
