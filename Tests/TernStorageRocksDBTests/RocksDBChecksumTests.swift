import CRocksDBChecksum
import CTernChecksums
import Glibc
import Testing

@Suite("The checksum inside RocksDB")
struct RocksDBChecksumTests {
    private typealias Extend = @convention(c) (UInt32, UnsafePointer<CChar>?, Int) -> UInt32

    @Test("RocksDB computes CRC-32C with Tern's function, and what it computes is CRC-32C")
    func replaced() throws {
        // What the library's own calls are bound to.
        let found = try #require(dlsym(nil, "_ZN7rocksdb6crc32c6ExtendEjPKcm"))
        #expect(UnsafeRawPointer(found) == tern_rocksdb_crc32c_address())
        let extend = unsafeBitCast(found, to: Extend.self)
        let check = Array("123456789".utf8CString.dropLast())
        #expect(extend(0, check, 9) == 0xE306_9283)
        for length in [0, 1, 7, 8, 63, 64, 1_000, 4_096, 70_001] {
            let bytes = (0..<length).map { CChar(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            let whole = tern_crc32c_portable(0, bytes, length)
            #expect(extend(0, bytes, length) == whole)
            let half = length / 2
            #expect(extend(extend(0, bytes, half), Array(bytes[half...]), length - half) == whole)
        }
    }
}
