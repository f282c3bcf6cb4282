import CTernChecksums
import TernChecksums
import TernCore
import Testing

/// A checksum computed bit by bit, from its definition alone.
private func bitwise(_ polynomial: UInt64, width: Int, _ bytes: some Sequence<UInt8>) -> UInt64 {
    let ones = UInt64.max >> (64 - UInt64(width))
    var state = ones
    for byte in bytes {
        state ^= UInt64(byte)
        for _ in 0..<8 { state = state & 1 == 1 ? state >> 1 ^ polynomial : state >> 1 }
    }
    return state ^ ones
}

private struct Algorithm: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var polynomial: UInt64
    var width: Int
    var fast: @Sendable (UInt64, UnsafeRawBufferPointer) -> UInt64
    var portable: @Sendable (UInt64, UnsafeRawBufferPointer) -> UInt64
    var combine: @Sendable (UInt64, UInt64, UInt64) -> UInt64

    static let all = [
        Algorithm(
            testDescription: "CRC32", polynomial: 0xEDB8_8320, width: 32,
            fast: { UInt64(tern_crc32(UInt32($0), $1.baseAddress, $1.count)) },
            portable: { UInt64(tern_crc32_portable(UInt32($0), $1.baseAddress, $1.count)) },
            combine: { UInt64(tern_crc32_combine(UInt32($0), UInt32($1), $2)) }),
        Algorithm(
            testDescription: "CRC32C", polynomial: 0x82F6_3B78, width: 32,
            fast: { UInt64(tern_crc32c(UInt32($0), $1.baseAddress, $1.count)) },
            portable: { UInt64(tern_crc32c_portable(UInt32($0), $1.baseAddress, $1.count)) },
            combine: { UInt64(tern_crc32c_combine(UInt32($0), UInt32($1), $2)) }),
        Algorithm(
            testDescription: "CRC64NVME", polynomial: 0x9A6C_9329_AC4B_C9B5, width: 64,
            fast: { tern_crc64nvme($0, $1.baseAddress, $1.count) },
            portable: { tern_crc64nvme_portable($0, $1.baseAddress, $1.count) },
            combine: { tern_crc64nvme_combine($0, $1, $2) }),
    ]
}

/// Bytes without a visible pattern, the same in every run.
private func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
    }
}

@Suite("Checksums (spec §7.1)")
struct ChecksumTests {
    @Test("Every length to 300 at every alignment equals the definition", arguments: Algorithm.all)
    private func lengthsAndAlignments(_ algorithm: Algorithm) {
        let bytes = noise(320)
        bytes.withUnsafeBytes { buffer in
            for length in 0...300 {
                for offset in 0..<16 {
                    let part = UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + length])
                    let expected = bitwise(algorithm.polynomial, width: algorithm.width, part)
                    #expect(algorithm.fast(0, part) == expected, "length \(length), offset \(offset)")
                    #expect(algorithm.portable(0, part) == expected, "length \(length), offset \(offset)")
                }
            }
        }
    }

    @Test("Lengths around the run lengths of the fast paths equal the definition", arguments: Algorithm.all)
    private func longLengths(_ algorithm: Algorithm) {
        let bytes = noise(13000, seed: 2)
        bytes.withUnsafeBytes { buffer in
            for run in [384, 768, 4096, 6144, 12288] {
                for length in (run - 20)...(run + 20) {
                    let part = UnsafeRawBufferPointer(rebasing: buffer[3..<3 + length])
                    #expect(
                        algorithm.fast(0, part) == bitwise(algorithm.polynomial, width: algorithm.width, part),
                        "length \(length)")
                }
            }
        }
    }

    @Test("Any split, continued or combined, gives the checksum of the whole", arguments: Algorithm.all)
    private func splits(_ algorithm: Algorithm) {
        let bytes = noise(9000, seed: 3)
        var random: UInt64 = 99
        func below(_ bound: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % bound
        }
        bytes.withUnsafeBytes { buffer in
            for _ in 0..<500 {
                let length = below(9000)
                let split = below(length + 1)
                let whole = algorithm.portable(0, UnsafeRawBufferPointer(rebasing: buffer[..<length]))
                let left = UnsafeRawBufferPointer(rebasing: buffer[..<split])
                let right = UnsafeRawBufferPointer(rebasing: buffer[split..<length])
                let first = algorithm.fast(0, left)
                #expect(algorithm.fast(first, right) == whole)
                #expect(algorithm.combine(first, algorithm.fast(0, right), UInt64(right.count)) == whole)
            }
        }
    }

    @Test("Combining with a tail of many gigabytes is the same as combining twice", arguments: Algorithm.all)
    private func combinationIsAssociative(_ algorithm: Algorithm) {
        let (a, b, c): (UInt64, UInt64, UInt64) = (0x1234_5678, 0x9ABC_DEF0, 0x0F0F_0F0F)
        let (lengthB, lengthC): (UInt64, UInt64) = (5_368_709_121, 1 << 52 | 77)
        let leftFirst = algorithm.combine(algorithm.combine(a, b, lengthB), c, lengthC)
        let rightFirst = algorithm.combine(a, algorithm.combine(b, c, lengthC), lengthB + lengthC)
        #expect(leftFirst == rightFirst)
        #expect(algorithm.combine(a, 0, 0) == a)
    }

    @Test(
        "Known values of each algorithm",
        arguments: [
            (ChecksumAlgorithm.crc32, "123456789", "cbf43926"),
            (.crc32c, "123456789", "e3069283"),
            (.crc64nvme, "123456789", "ae8b14860a799888"),
            (.crc32, "", "00000000"),
            (.crc64nvme, "", "0000000000000000"),
            (.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ])
    func knownValues(algorithm: ChecksumAlgorithm, text: String, hex: String) {
        #expect(ChecksumHasher.hash(Array(text.utf8), algorithm).lowercaseHex == hex)
        #expect(ChecksumHasher.hash(Array(text.utf8), algorithm).count == algorithm.byteCount)
    }

    @Test(
        "Known wire forms",
        arguments: [
            (ChecksumAlgorithm.crc32, "hello", "NhCmhg=="),
            (.crc64nvme, "hello", "M3eFcAZSQlc="),
            (.crc32, String(repeating: "a", count: 66560), "sK4Y7A=="),
            (.crc32c, String(repeating: "a", count: 66560), "sOO8/Q=="),
            (.crc64nvme, String(repeating: "a", count: 66560), "pRf+emrnL+A="),
        ])
    func wireForms(algorithm: ChecksumAlgorithm, text: String, base64: String) {
        let digest = ChecksumHasher.hash(Array(text.utf8), algorithm)
        #expect(Checksum(algorithm: algorithm, digest: digest).wireForm == base64)
    }

    @Test("CHK-14: digests of parts combine into that of the whole", arguments: ChecksumAlgorithm.allCases)
    func combination(algorithm: ChecksumAlgorithm) {
        let whole = noise(5000, seed: 4)
        let first = ChecksumHasher.hash(Array(whole[..<1234]), algorithm)
        let second = ChecksumHasher.hash(Array(whole[1234...]), algorithm)
        let combined = algorithm.combine(first, second, secondByteCount: 5000 - 1234)
        #expect(combined == (algorithm.isCombinable ? ChecksumHasher.hash(whole, algorithm) : nil))
        #expect(algorithm.combine(first, [1, 2], secondByteCount: 2) == nil)
    }

    @Test("A hasher fed piece by piece equals one fed at once", arguments: ChecksumAlgorithm.allCases)
    func pieces(algorithm: ChecksumAlgorithm) {
        let bytes = noise(3000, seed: 5)
        var hasher = ChecksumHasher(algorithm)
        var start = 0
        var size = 1
        while start < bytes.count {
            let end = min(start + size, bytes.count)
            bytes[start..<end].withUnsafeBytes { hasher.update($0) }
            start = end
            size = size * 3 % 257
        }
        let copy = hasher
        bytes.withUnsafeBytes { hasher.update($0) }
        #expect(copy.finalize() == ChecksumHasher.hash(bytes, algorithm), "a copy is not changed by its original")
        #expect(hasher.finalize() == ChecksumHasher.hash(bytes + bytes, algorithm))
    }

    @Test("MD5 and SHA-256 of known texts")
    func digests() {
        var md5 = MD5Hasher()
        #expect(md5.finalize().lowercaseHex == "d41d8cd98f00b204e9800998ecf8427e")
        Array("abc".utf8).withUnsafeBytes { md5.update($0) }
        #expect(md5.finalize().lowercaseHex == "900150983cd24fb0d6963f7d28e17f72")
        #expect(
            SHA256Hasher.hash("".utf8).lowercaseHex
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}
