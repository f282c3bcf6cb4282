import FoundationEssentials
import NIOCore
import TernCore
import TernRecords
import TernStorage
import Testing

@testable import TernObjects

@Suite("Sealed segments")
struct SegmentCipherTests {
    static let inner = Array(UInt8(0)..<32)
    static let outer = Array(UInt8(32)..<64)
    static let salt = Data(UInt8(100)..<116)

    private func cipher(double: Bool = false) throws -> BodyCipher {
        try #require(BodyCipher(keyBytes: double ? Self.inner + Self.outer : Self.inner))
    }

    /// A segment of these bytes, and what is stored of it.
    private func sealed(
        _ plain: [UInt8], with cipher: BodyCipher, salt: Data = Self.salt, pieces: Int = 10_007,
        firstChunk: UInt64 = 0, isContinued: Bool = false
    ) throws -> (segment: BodySegment, stored: [UInt8]) {
        var sealer = SegmentSealer(cipher.segment(salt: salt), firstChunk: firstChunk, isContinued: isContinued)
        var stored = ByteBuffer()
        var rest = plain[...]
        while !rest.isEmpty {
            stored.writeImmutableBuffer(try sealer.seal(ByteBuffer(bytes: rest.prefix(pieces))))
            rest = rest.dropFirst(pieces)
        }
        stored.writeImmutableBuffer(try sealer.finish())
        var segment = BodySegment()
        segment.byteCount = Int64(plain.count)
        segment.cipherSalt = salt
        segment.firstChunk = firstChunk
        segment.isContinued = isContinued
        return (segment, Array(stored.readableBytesView))
    }

    private func open(
        _ range: Range<Int64>, of segment: BodySegment, stored: [UInt8], with cipher: BodyCipher
    ) throws(StorageError) -> [UInt8] {
        Array(try segment.bytes(range, ofStored: stored, cipher: cipher).readableBytesView)
    }

    static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

    /// Made with another implementation: Python's `cryptography` and `hmac`.
    @Test("The stored form is what the decision says, byte for byte")
    func vectors() throws {
        let cipher = try self.cipher()
        var output = ByteBuffer()
        try Array("chunk five".utf8).withUnsafeBytes {
            try cipher.segment(salt: Self.salt).seal($0, number: 5, isLast: true, to: &output)
        }
        #expect(Array(output.readableBytesView).lowercaseHex == Self.salted)
        output.clear()
        try Array("chunk zero".utf8).withUnsafeBytes {
            try cipher.segment(salt: Data()).seal($0, number: 0, isLast: false, to: &output)
        }
        #expect(Array(output.readableBytesView).lowercaseHex == Self.unsalted)
        output.clear()
        try Array("chunk five".utf8).withUnsafeBytes {
            try self.cipher(double: true).segment(salt: Self.salt).seal($0, number: 5, isLast: true, to: &output)
        }
        #expect(Array(output.readableBytesView).lowercaseHex == Self.double)
        #expect(cipher.opaque([UInt8](repeating: 0, count: 16)).lowercaseHex == Self.etag)
    }

    static let salted = "3c39838e00c2292614cd35f25abbd47b78fc1ecf241caf1335fa"
    static let unsalted = "6dd4c0b0de0cf9d87ac7aaaf49e3352900258271204556375773"
    static let double = "a51cd7f6b5e4cc45486d47f2282ca5e57cdb18195ca6722d4b0b5b4f93b8b541430a36400e3dafdaf9cc"
    static let etag = "28596e94a6f2e559675e19790e313da3"

    static let sizes = [1, 4096, 65_535, 65_536, 65_537, 131_072, 200_000]

    @Test("Every range gives its bytes", arguments: sizes, [false, true])
    func ranges(size: Int, double: Bool) throws {
        let cipher = try self.cipher(double: double)
        let plain = Self.pattern(size)
        let (segment, stored) = try self.sealed(plain, with: cipher)
        let overhead = double ? 32 : 16
        #expect(stored.count == size + (size + 65_535) / 65_536 * overhead)
        var borders: Set<Int64> = [0, 1, Int64(size - 1), Int64(size)]
        for border in stride(from: 65_536, through: size, by: 65_536) {
            for offset in -1...1 where border + offset <= size { borders.insert(Int64(border + offset)) }
        }
        for lower in borders {
            for upper in borders where lower < upper {
                let bytes = try self.open(lower..<upper, of: segment, stored: stored, with: cipher)
                #expect(bytes == Array(plain[Int(lower)..<Int(upper)]), "\(lower)..<\(upper)")
            }
        }
    }

    @Test(
        "The stored form does not depend on the pieces in which the bytes come",
        arguments: [1000, 65_536, 70_000, 300_000])
    func pieces(size: Int) throws {
        let cipher = try self.cipher()
        let plain = Self.pattern(200_000)
        let (_, whole) = try self.sealed(plain, with: cipher, pieces: 200_000)
        #expect(try self.sealed(plain, with: cipher, pieces: size).stored == whole)
    }

    @Test("A flipped bit is an error, wherever it is", arguments: [false, true])
    func flippedBits(double: Bool) throws {
        let cipher = try self.cipher(double: double)
        let (segment, stored) = try self.sealed(Self.pattern(70_000), with: cipher)
        for position in stride(from: 0, to: stored.count, by: 997) + [65_535, 65_536, 65_551, 65_552, stored.count - 1]
        {
            var damaged = stored
            damaged[position] ^= 1 << UInt8(position % 8)
            #expect(throws: StorageError.self, "byte \(position)") {
                try self.open(0..<70_000, of: segment, stored: damaged, with: cipher)
            }
        }
    }

    @Test("A segment that was cut off at a chunk's end, or goes on where it must not, is an error")
    func truncation() throws {
        let cipher = try self.cipher()
        let (whole, stored) = try self.sealed(Self.pattern(131_072), with: cipher)
        var shorter = whole
        shorter.byteCount = 65_536
        #expect(throws: StorageError.self) {
            try self.open(0..<65_536, of: shorter, stored: Array(stored[..<65_552]), with: cipher)
        }
        var open = whole
        open.isContinued = true
        #expect(throws: StorageError.self) { try self.open(0..<131_072, of: open, stored: stored, with: cipher) }
    }

    @Test("Chunks that changed places, or come from another segment or key, are an error")
    func swaps() throws {
        let cipher = try self.cipher()
        let plain = Self.pattern(196_608)
        let (segment, stored) = try self.sealed(plain, with: cipher)
        let swapped = Array(stored[65_552..<131_104]) + Array(stored[..<65_552]) + Array(stored[131_104...])
        #expect(throws: StorageError.self) { try self.open(0..<1, of: segment, stored: swapped, with: cipher) }
        let other = try self.sealed(plain, with: cipher, salt: Data(repeating: 9, count: 16))
        #expect(throws: StorageError.self) { try self.open(0..<1, of: segment, stored: other.stored, with: cipher) }
        #expect(throws: StorageError.self) {
            try self.open(0..<1, of: segment, stored: stored, with: .random(layers: 1))
        }
        #expect(other.stored != stored)
    }

    @Test("What travels sealed is cut at chunks, and its pieces open as segments of their own")
    func stretches() throws {
        let cipher = try self.cipher()
        let plain = [Self.pattern(200_000), Self.pattern(70_000)]
        let parts = try plain.enumerated().map { index, bytes in
            try self.sealed(bytes, with: cipher, salt: Data(repeating: UInt8(index), count: 16))
        }
        let stored = parts.flatMap(\.stored)
        let stretches = StoredStretches(parts.map(\.segment))
        #expect(stretches.plainByteCount == 270_000)
        #expect(stretches.storedByteCount == Int64(stored.count))
        for range in [0..<65_536, 65_536..<196_608, 196_608..<200_000, 200_000..<265_536, 265_536..<270_000]
            as [Range<Int64>]
        {
            let bytes = try #require(stretches.stored(range))
            let segment = try #require(stretches.segment(of: range))
            let opened = try self.open(
                0..<Int64(range.count), of: segment,
                stored: Array(stored[Int(bytes.lowerBound)..<Int(bytes.upperBound)]),
                with: cipher)
            #expect(opened == Array(plain.flatMap { $0 }[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
        for range in [1..<65_536, 0..<65_535, 196_608..<200_001, 196_608..<265_536, 270_000..<270_001] as [Range<Int64>]
        {
            #expect(stretches.stored(range) == nil && stretches.segment(of: range) == nil, "\(range)")
        }
    }
}

extension StrideTo<Int> {
    fileprivate static func + (left: Self, right: [Int]) -> [Int] { Array(left) + right }
}
