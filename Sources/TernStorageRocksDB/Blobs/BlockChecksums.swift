import CTernChecksums

/// The checksums of the blocks of a stream that arrives in pieces of any size.
struct BlockChecksums {
    private(set) var byteCount: Int64 = 0
    private var finished: [UInt32] = []
    private var current: UInt32 = 0
    private var currentByteCount = 0

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while !rest.isEmpty {
            let count = min(rest.count, BlobFooter.blockByteCount - self.currentByteCount)
            self.current = tern_crc32c(self.current, rest.baseAddress, count)
            self.currentByteCount += count
            if self.currentByteCount == BlobFooter.blockByteCount { self.finishBlock() }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        self.byteCount += Int64(bytes.count)
    }

    consuming func footer() -> BlobFooter {
        if self.currentByteCount > 0 { self.finishBlock() }
        return BlobFooter(byteCount: self.byteCount, checksums: self.finished)
    }

    private mutating func finishBlock() {
        self.finished.append(self.current)
        self.current = 0
        self.currentByteCount = 0
    }
}
