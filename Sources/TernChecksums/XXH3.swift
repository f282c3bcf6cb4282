/// XXH3 over a stream of bytes, with the default secret and without a seed: of 64 bits, and of 128 (XXH128).
///
/// Source: "xxHash fast digest algorithm", xxhash_spec.md, of the xxHash project.
package struct XXH3: Sendable {
    private var accumulators = SIMD8<UInt64>(
        XXHash.prime32_3, XXHash.prime1, XXHash.prime2, XXHash.prime3, XXHash.prime4, XXHash.prime32_2, XXHash.prime5,
        XXHash.prime32_1)
    /// The last block, whole or not: it is treated otherwise than those before it.
    private var block: [UInt8] = []
    /// The end of the block before it.
    private var endBefore: [UInt8] = []
    private var byteCount: UInt64 = 0

    private static let stripeBytes = 64
    private static let stripesPerBlock = 16
    private static let blockBytes = 1024
    /// Up to here an input is treated as a whole.
    private static let shortBytes: UInt64 = 240

    package init() {
        self.block.reserveCapacity(Self.blockBytes)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        self.byteCount &+= UInt64(bytes.count)
        var position = 0
        while position < bytes.count {
            if self.block.count == Self.blockBytes {
                let block = self.block
                block.withUnsafeBytes { self.consumeBlock($0, at: 0) }
                self.endBefore = Array(block.suffix(Self.stripeBytes))
                self.block.removeAll(keepingCapacity: true)
            }
            if self.block.isEmpty, bytes.count - position > Self.blockBytes {
                while bytes.count - position > Self.blockBytes {
                    self.consumeBlock(bytes, at: position)
                    position += Self.blockBytes
                }
                self.endBefore = Array(bytes[position - Self.stripeBytes..<position])
            }
            let count = min(Self.blockBytes - self.block.count, bytes.count - position)
            self.block.append(contentsOf: bytes[position..<position + count])
            position += count
        }
    }

    private mutating func consumeBlock(_ bytes: UnsafeRawBufferPointer, at start: Int) {
        for stripe in 0..<Self.stripesPerBlock {
            Self.accumulate(
                &self.accumulators, bytes, at: start + stripe * Self.stripeBytes, XXH3Secret.stripes[stripe])
        }
        var lanes = self.accumulators
        lanes ^= lanes &>> 47
        lanes ^= XXH3Secret.scramble
        self.accumulators = lanes &* XXHash.prime32_1
    }

    private static func accumulate(
        _ accumulators: inout SIMD8<UInt64>, _ bytes: UnsafeRawBufferPointer, at position: Int, _ secret: SIMD8<UInt64>
    ) {
        let words = bytes.words(position)
        let keyed = words ^ secret
        let swapped = SIMD8(words[1], words[0], words[3], words[2], words[5], words[4], words[7], words[6])
        accumulators = accumulators &+ swapped &+ (keyed & 0xFFFF_FFFF) &* (keyed &>> 32)
    }

    // MARK: Digests

    /// The digest of 64 bits of all bytes so far.
    package var value64: UInt64 {
        if self.byteCount <= Self.shortBytes { return self.block.withUnsafeBytes { XXH3Short.hash64($0) } }
        return Self.merge(self.lastLanes, XXH3Secret.words(11), self.byteCount &* XXHash.prime1)
    }

    /// The digest of 128 bits of all bytes so far.
    package var value128: (high: UInt64, low: UInt64) {
        if self.byteCount <= Self.shortBytes { return self.block.withUnsafeBytes { XXH3Short.hash128($0) } }
        let lanes = self.lastLanes
        return (
            Self.merge(lanes, XXH3Secret.words(117), ~(self.byteCount &* XXHash.prime2)),
            Self.merge(lanes, XXH3Secret.words(11), self.byteCount &* XXHash.prime1)
        )
    }

    /// With the last block, and the last stripe wherever it begins.
    private var lastLanes: SIMD8<UInt64> {
        var lanes = self.accumulators
        self.block.withUnsafeBytes { block in
            for stripe in 0..<(block.count - 1) / Self.stripeBytes {
                Self.accumulate(&lanes, block, at: stripe * Self.stripeBytes, XXH3Secret.stripes[stripe])
            }
        }
        let last = Array((self.endBefore + self.block).suffix(Self.stripeBytes))
        last.withUnsafeBytes { Self.accumulate(&lanes, $0, at: 0, XXH3Secret.words(121)) }
        return lanes
    }

    private static func merge(_ lanes: SIMD8<UInt64>, _ secret: SIMD8<UInt64>, _ start: UInt64) -> UInt64 {
        let keyed = lanes ^ secret
        var result = start
        for index in stride(from: 0, to: 8, by: 2) { result &+= XXHash.fold(keyed[index], keyed[index + 1]) }
        return XXHash.avalanche3(result)
    }
}

/// The default secret.
enum XXH3Secret {
    static let bytes: [UInt8] = [
        0xB8, 0xFE, 0x6C, 0x39, 0x23, 0xA4, 0x4B, 0xBE, 0x7C, 0x01, 0x81, 0x2C, 0xF7, 0x21, 0xAD, 0x1C,
        0xDE, 0xD4, 0x6D, 0xE9, 0x83, 0x90, 0x97, 0xDB, 0x72, 0x40, 0xA4, 0xA4, 0xB7, 0xB3, 0x67, 0x1F,
        0xCB, 0x79, 0xE6, 0x4E, 0xCC, 0xC0, 0xE5, 0x78, 0x82, 0x5A, 0xD0, 0x7D, 0xCC, 0xFF, 0x72, 0x21,
        0xB8, 0x08, 0x46, 0x74, 0xF7, 0x43, 0x24, 0x8E, 0xE0, 0x35, 0x90, 0xE6, 0x81, 0x3A, 0x26, 0x4C,
        0x3C, 0x28, 0x52, 0xBB, 0x91, 0xC3, 0x00, 0xCB, 0x88, 0xD0, 0x65, 0x8B, 0x1B, 0x53, 0x2E, 0xA3,
        0x71, 0x64, 0x48, 0x97, 0xA2, 0x0D, 0xF9, 0x4E, 0x38, 0x19, 0xEF, 0x46, 0xA9, 0xDE, 0xAC, 0xD8,
        0xA8, 0xFA, 0x76, 0x3F, 0xE3, 0x9C, 0x34, 0x3F, 0xF9, 0xDC, 0xBB, 0xC7, 0xC7, 0x0B, 0x4F, 0x1D,
        0x8A, 0x51, 0xE0, 0x4B, 0xCD, 0xB4, 0x59, 0x31, 0xC8, 0x9F, 0x7E, 0xC9, 0xD9, 0x78, 0x73, 0x64,
        0xEA, 0xC5, 0xAC, 0x83, 0x34, 0xD3, 0xEB, 0xC3, 0xC5, 0x81, 0xA0, 0xFF, 0xFA, 0x13, 0x63, 0xEB,
        0x17, 0x0D, 0xDD, 0x51, 0xB7, 0xF0, 0xDA, 0x49, 0xD3, 0x16, 0x55, 0x26, 0x29, 0xD4, 0x68, 0x9E,
        0x2B, 0x16, 0xBE, 0x58, 0x7D, 0x47, 0xA1, 0xFC, 0x8F, 0xF8, 0xB8, 0xD1, 0x7A, 0xD0, 0x31, 0xCE,
        0x45, 0xCB, 0x3A, 0x8F, 0x95, 0x16, 0x04, 0x28, 0xAF, 0xD7, 0xFB, 0xCA, 0xBB, 0x4B, 0x40, 0x7E,
    ]

    /// For each stripe of a block.
    static let stripes: [SIMD8<UInt64>] = (0..<16).map { Self.words($0 * 8) }
    static let scramble = Self.words(128)

    static func words(_ position: Int) -> SIMD8<UInt64> { self.bytes.withUnsafeBytes { $0.words(position) } }
    static func word(_ position: Int) -> UInt64 { self.bytes.withUnsafeBytes { $0.word64(position) } }
    static func word32(_ position: Int) -> UInt64 { self.bytes.withUnsafeBytes { UInt64($0.word32(position)) } }
}

extension UnsafeRawBufferPointer {
    fileprivate func words(_ position: Int) -> SIMD8<UInt64> {
        var words = SIMD8<UInt64>()
        for index in 0..<8 { words[index] = self.word64(position + index * 8) }
        return words
    }
}
