import TernStorage

/// A key as RocksDB has it: the prefix of the partition, then the key.
enum EncodedKey {
    /// Calls `body` with the bytes, which lie on the stack and end with the call.
    static func with<Result>(
        _ partition: PartitionID,
        _ key: [UInt8],
        _ body: (_ bytes: UnsafePointer<CChar>?, _ byteCount: Int) -> Result
    ) -> Result {
        let byteCount = PartitionID.prefixByteCount + key.count
        return withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 8) { buffer in
            buffer[0] = partition.kind.rawValue
            buffer.storeBytes(of: partition.id.bigEndian, toByteOffset: 1, as: UInt64.self)
            buffer.storeBytes(of: partition.shard.bigEndian, toByteOffset: 9, as: UInt16.self)
            key.withUnsafeBytes { key in
                UnsafeMutableRawBufferPointer(rebasing: buffer[PartitionID.prefixByteCount...]).copyMemory(from: key)
            }
            return body(UnsafeRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self), byteCount)
        }
    }
}
