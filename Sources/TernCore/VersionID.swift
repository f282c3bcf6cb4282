/// The identity of an object version: when it was made, where, and random bits.
///
/// On the wire it is 32 characters of `[A-Za-z0-9._]`, the characters that AWS uses too. They encode 24 bytes: the
/// stamp, the origin region and a check sum, all masked by a key stream grown from the 8 random bytes, so that clients
/// have no order or time to lean on. The check sum tells an ID that some Tern made from a forged one (spec rule VER-13).
/// The literal `null` is not a `VersionID`; see ``VersionReference``.
package struct VersionID: Hashable, Sendable {
    /// When the version was created; decides its place in the key's version stack.
    package let stamp: HybridTimestamp
    /// ``RegionName/tag`` of the region that created it.
    package let origin: UInt32
    package let random: UInt64

    package init(stamp: HybridTimestamp, origin: UInt32, random: UInt64) {
        self.stamp = stamp
        self.origin = origin
        self.random = random
    }

    /// The characters that clients see.
    package var wireForm: String {
        let stream = KeyStream(seed: self.random)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        bytes.append(bigEndian: self.stamp.rawValue ^ stream.first)
        bytes.append(bigEndian: (UInt64(self.origin) << 32 | UInt64(self.check)) ^ stream.second)
        bytes.append(bigEndian: self.random)
        return Alphabet64.encode(bytes)
    }

    /// Decodes what ``wireForm`` made; `nil` for anything else.
    package init?(wireForm: some StringProtocol) {
        guard let bytes = Alphabet64.decode(wireForm.utf8, byteCount: 24) else { return nil }
        let random = UInt64(bigEndianBytes: bytes[16...])
        let stream = KeyStream(seed: random)
        let second = UInt64(bigEndianBytes: bytes[8..<16]) ^ stream.second
        self.stamp = HybridTimestamp(rawValue: UInt64(bigEndianBytes: bytes[..<8]) ^ stream.first)
        self.origin = UInt32(truncatingIfNeeded: second >> 32)
        self.random = random
        guard UInt32(truncatingIfNeeded: second) == self.check else { return nil }
    }

    /// 20 bytes that sort newest first among the versions of one key.
    package var newestFirstBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.newestFirstByteCount)
        bytes.append(bigEndian: ~self.stamp.rawValue)
        bytes.append(bigEndian: ~self.origin)
        bytes.append(bigEndian: ~self.random)
        return bytes
    }

    package static let newestFirstByteCount = 20

    /// Reads ``newestFirstBytes`` back; `nil` if there are not exactly 20 bytes.
    package init?(newestFirstBytes bytes: ArraySlice<UInt8>) {
        guard bytes.count == Self.newestFirstByteCount else { return nil }
        let start = bytes.startIndex
        self.stamp = HybridTimestamp(rawValue: ~UInt64(bigEndianBytes: bytes[start..<start + 8]))
        self.origin = ~UInt32(truncatingIfNeeded: UInt64(bigEndianBytes: bytes[start + 8..<start + 12]))
        self.random = ~UInt64(bigEndianBytes: bytes[(start + 12)...])
    }

    private var check: UInt32 {
        let mixed =
            splitMix(splitMix(self.stamp.rawValue ^ 0x7465_726E_5631) ^ UInt64(self.origin) &* 0x9E37_79B9)
            ^ self.random
        return UInt32(truncatingIfNeeded: splitMix(mixed) >> 16)
    }

    private struct KeyStream {
        let first: UInt64
        let second: UInt64

        init(seed: UInt64) {
            self.first = splitMix(seed ^ 0x5465_726E_4B65_7931)
            self.second = splitMix(seed ^ 0x5465_726E_4B65_7932)
        }
    }
}

extension VersionID: Comparable {
    /// Older before newer; ties by origin and random bits, so that every region agrees.
    package static func < (left: VersionID, right: VersionID) -> Bool {
        (left.stamp.rawValue, left.origin, left.random) < (right.stamp.rawValue, right.origin, right.random)
    }
}

extension VersionID: CustomStringConvertible {
    package var description: String { self.wireForm }
}

/// What a client names with `versionId`: the null version, or one by its ID.
package enum VersionReference: Hashable, Sendable {
    case null
    case id(VersionID)

    /// `nil` for a malformed or forged ID (spec rule VER-13).
    package init?(wireForm: String) {
        if wireForm == "null" {
            self = .null
        } else if let id = VersionID(wireForm: wireForm) {
            self = .id(id)
        } else {
            return nil
        }
    }

    package var wireForm: String {
        switch self {
        case .null: "null"
        case .id(let id): id.wireForm
        }
    }
}

/// The finalizer of the SplitMix64 generator: a fixed, well-mixed permutation of 64 bits.
private func splitMix(_ value: UInt64) -> UInt64 {
    var mixed = value &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
}
