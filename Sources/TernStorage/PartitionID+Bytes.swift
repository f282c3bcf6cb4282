extension PartitionID {
    /// Reads what ``prefix`` wrote; `nil` unless the bytes start with the prefix of a known kind.
    package init?(prefix bytes: some Collection<UInt8>) {
        var rest = bytes.prefix(Self.prefixByteCount)
        guard rest.count == Self.prefixByteCount, let kind = Kind(rawValue: rest.removeFirst()) else { return nil }
        let id = rest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let shard = rest.dropFirst(8).reduce(UInt16(0)) { $0 << 8 | UInt16($1) }
        self.init(kind: kind, id: id, shard: shard)
    }
}

extension PartitionID: Comparable {
    /// The order of the prefixes.
    package static func < (left: PartitionID, right: PartitionID) -> Bool {
        (left.kind.rawValue, left.id, left.shard) < (right.kind.rawValue, right.id, right.shard)
    }
}
