/// XXH64 over a stream of bytes, without a seed.
///
/// Source: "xxHash fast digest algorithm", xxhash_spec.md, of the xxHash project.
package struct XXH64: Sendable {
    private var lanes: (UInt64, UInt64, UInt64, UInt64) = (
        XXHash.prime1 &+ XXHash.prime2, XXHash.prime2, 0, 0 &- XXHash.prime1
    )
    /// What does not make a stripe yet.
    private var rest: [UInt8] = []
    private var byteCount: UInt64 = 0

    private static let stripeBytes = 32

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        self.byteCount &+= UInt64(bytes.count)
        var position = 0
        if !self.rest.isEmpty {
            position = min(Self.stripeBytes - self.rest.count, bytes.count)
            self.rest.append(contentsOf: bytes[..<position])
            guard self.rest.count == Self.stripeBytes else { return }
            let stripe = self.rest
            stripe.withUnsafeBytes { self.consume($0, at: 0) }
            self.rest.removeAll(keepingCapacity: true)
        }
        while bytes.count - position >= Self.stripeBytes {
            self.consume(bytes, at: position)
            position += Self.stripeBytes
        }
        self.rest.append(contentsOf: bytes[position...])
    }

    private mutating func consume(_ bytes: UnsafeRawBufferPointer, at position: Int) {
        self.lanes.0 = Self.round(self.lanes.0, bytes.word64(position))
        self.lanes.1 = Self.round(self.lanes.1, bytes.word64(position + 8))
        self.lanes.2 = Self.round(self.lanes.2, bytes.word64(position + 16))
        self.lanes.3 = Self.round(self.lanes.3, bytes.word64(position + 24))
    }

    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        (lane &+ word &* XXHash.prime2).rotated(31) &* XXHash.prime1
    }

    /// The digest of all bytes so far.
    package var value: UInt64 {
        var hash: UInt64
        if self.byteCount >= UInt64(Self.stripeBytes) {
            let (a, b, c, d) = self.lanes
            hash = a.rotated(1) &+ b.rotated(7) &+ c.rotated(12) &+ d.rotated(18)
            for lane in [a, b, c, d] {
                hash = (hash ^ Self.round(0, lane)) &* XXHash.prime1 &+ XXHash.prime4
            }
        } else {
            hash = XXHash.prime5
        }
        hash &+= self.byteCount
        return self.rest.withUnsafeBytes { rest in
            var position = 0
            while rest.count - position >= 8 {
                hash ^= Self.round(0, rest.word64(position))
                hash = hash.rotated(27) &* XXHash.prime1 &+ XXHash.prime4
                position += 8
            }
            if rest.count - position >= 4 {
                hash ^= UInt64(rest.word32(position)) &* XXHash.prime1
                hash = hash.rotated(23) &* XXHash.prime2 &+ XXHash.prime3
                position += 4
            }
            while position < rest.count {
                hash ^= UInt64(rest[position]) &* XXHash.prime5
                hash = hash.rotated(11) &* XXHash.prime1
                position += 1
            }
            return XXHash.avalanche64(hash)
        }
    }
}

/// What the algorithms of the family have in common.
enum XXHash {
    static let prime32_1: UInt64 = 0x9E37_79B1
    static let prime32_2: UInt64 = 0x85EB_CA77
    static let prime32_3: UInt64 = 0xC2B2_AE3D
    static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5
    static let mix1: UInt64 = 0x1656_6791_9E37_79F9
    static let mix2: UInt64 = 0x9FB2_1C65_1E98_DF25

    /// The end of XXH64.
    static func avalanche64(_ value: UInt64) -> UInt64 {
        var hash = value
        hash = (hash ^ (hash >> 33)) &* self.prime2
        hash = (hash ^ (hash >> 29)) &* self.prime3
        return hash ^ (hash >> 32)
    }

    /// The end of XXH3.
    static func avalanche3(_ value: UInt64) -> UInt64 {
        let hash = (value ^ (value >> 37)) &* self.mix1
        return hash ^ (hash >> 32)
    }

    /// Both halves of the product of 128 bits, one over the other.
    static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

extension UInt64 {
    func rotated(_ bits: UInt64) -> UInt64 { (self << bits) | (self >> (64 - bits)) }
}

extension UnsafeRawBufferPointer {
    /// Least significant byte first, at any address.
    func word64(_ position: Int) -> UInt64 {
        UInt64(littleEndian: self.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    func word32(_ position: Int) -> UInt32 {
        UInt32(littleEndian: self.loadUnaligned(fromByteOffset: position, as: UInt32.self))
    }
}
