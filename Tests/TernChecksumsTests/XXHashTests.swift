import TernChecksums
import TernCore
import Testing

/// Bytes without a visible pattern, the same in every run.
private func noise(_ count: Int) -> [UInt8] {
    var state: UInt64 = 1
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(state >> 56)
    }
}

private func hex(_ values: UInt64...) -> String {
    var bytes: [UInt8] = []
    for value in values { bytes.append(bigEndian: value) }
    return bytes.lowercaseHex
}

/// The digests of ``noise(_:)`` of many lengths, made by the reference implementation (xxhash 0.8, by its Python binding).
@Suite("xxHash (batch-replication §2.2)")
struct XXHashTests {
    private static let vectors: [(count: Int, xxh64: String, xxh3: String, xxh128: String)] = [
        (0, "ef46db3751d8e999", "2d06800538d394c2", "99aa06d3014798d86001c324468d497f"),
        (1, "f88dba187615c755", "c00f9d4f580c0c3a", "c89f16e01381dd11c00f9d4f580c0c3a"),
        (2, "50faa590ac3c7f57", "b248061fb52bd64c", "dfff8fb46bf94599b248061fb52bd64c"),
        (3, "a8289444bacb8722", "e92112d1e602af4a", "042980e29fe07a72e92112d1e602af4a"),
        (4, "b5f3937e33746dfe", "9008de7e100606d1", "960811bdc2cb9dc3f38741e1b9ccfbd4"),
        (5, "2e5efe3509569597", "aba4062f24845bdc", "940670c9fb2d79c419d1bcd6f6b7db50"),
        (8, "483dbbb3efaf16af", "cca6ee6f8e080c52", "ff5c240882695f409aac4cd28c312a76"),
        (9, "0faa477e430ae42e", "568f9d2e69ad8bd0", "3ad200a3678150cd289d4cd1af0c84bd"),
        (12, "0cb8c8f484a741a2", "373da156a0ef76b0", "56b51d9ff502892ede25c283636cfbd2"),
        (16, "45e3168c5a177612", "600a07a4f5a9911c", "09bfcf6d0d0c7508729073442c453ee7"),
        (17, "44570e72b4caef4f", "deab0265f35dfc24", "c0e06f2f6b379f4ad0b31235d80538af"),
        (31, "f5c9f1ca24bfd59e", "423b58cf0cc7d932", "fce833eae7939e03aa312d0ddde9624d"),
        (32, "9d7be8531562310d", "d04581c566616653", "0bee74e0e3ef74237a78eb27b3aef28b"),
        (33, "0ca16790699c7125", "e2f96cd271e72881", "f01a5f3912b24aac0f2a1f3d6e780688"),
        (64, "3d88d4fd7deccfc0", "ad0685dabb3ce66b", "7d7cc02bbb48520eed9a84b3780fc908"),
        (65, "ac4a4540f43c6383", "7d4e3da065c21b2d", "559e598dd20cb466ac9b1ce636d915da"),
        (96, "a8f804f4914616f9", "bf9a1938301428ca", "14adfddcbd9065a323c4ecc869a876ae"),
        (127, "1ec00ad623256169", "422fa93af255d6f6", "c27478cc679b3ad9dbb9b7e80da57775"),
        (128, "fb584860b12e8ddd", "410bd3b4d8d84f51", "b0c97cf51fbd420ec14ef9bdf2926d91"),
        (129, "a8246ddfa8e3db1c", "55964eec39625032", "77672b5beabfd29e1c66bb88fb267529"),
        (160, "c99e9bf9bf738874", "94b04a6be24be84b", "db8c7991735df8861f11bf59d5e3a2c8"),
        (161, "7de38eb3b2b6f658", "952685afd892537b", "6a6a89a45c857442a95ca882eeea54d5"),
        (192, "c563365b4ed0f5eb", "4d9f83e45b7807b4", "fe16cd694e956868dcef7d432d7414e6"),
        (224, "9cf5873791f0da7c", "03164735f0f26097", "78e5b85d9feb56224f061530c5de185a"),
        (239, "e898a878fbcad0f0", "f5e234500a1f2b94", "b9c7a6741ba6770d3bff140641abd336"),
        (240, "18f74c23a0bcc206", "977b659bdc81fdb1", "05fb829868e88d8b0dfe588c76a0d834"),
        (241, "33070583779dd991", "2cb1ed4a30c8bded", "19f9ed05e79938962cb1ed4a30c8bded"),
        (255, "e717b23579f76346", "c77eae9c20c21088", "42c2c2a055b3ccf1c77eae9c20c21088"),
        (256, "55b79525060ebefb", "7fd97c6450f19383", "1104622b393022127fd97c6450f19383"),
        (512, "fa8db9d62f3f9338", "d21b608b44320be0", "cc59276fde939412d21b608b44320be0"),
        (1023, "7ed252808059aafd", "296b8bdbd696752e", "606e53ea537672a5296b8bdbd696752e"),
        (1024, "a667c01059f6e47f", "5ec111a1e5a293ae", "92da9c0cebcc106c5ec111a1e5a293ae"),
        (1025, "6bf683827b9fb4b2", "5ea0264528a903fc", "76c00571248d69785ea0264528a903fc"),
        (1088, "4b75e0cb4008c12b", "5caa733531330766", "67ee30e57b42f75b5caa733531330766"),
        (2047, "49fa84a645cdee4b", "a8a55cc80e1493a4", "798375549fb65928a8a55cc80e1493a4"),
        (2048, "cd6844524fa9c696", "82651c64d545e737", "ab48f2dea3ca5add82651c64d545e737"),
        (2049, "86d37cf7e59dff4a", "35fa9759e87c7270", "4d726fe56f7ab30535fa9759e87c7270"),
        (4096, "02cd1e79bad8002f", "a76570548864595e", "205cdca1be728c37a76570548864595e"),
        (5000, "e52623d2ed7efe9c", "215db44dee9150c0", "c2d7138baef35917215db44dee9150c0"),
        (100000, "4bb746e0b9f57d29", "17728b9ba27f68a8", "07108d9b3738154b17728b9ba27f68a8"),
    ]

    @Test("Inputs of every class of lengths have the digests of the reference implementation")
    func digests() {
        for vector in Self.vectors {
            var short = XXH64()
            var long = XXH3()
            noise(vector.count).withUnsafeBytes {
                short.update($0)
                long.update($0)
            }
            #expect(hex(short.value) == vector.xxh64, "XXH64 of \(vector.count)")
            #expect(hex(long.value64) == vector.xxh3, "XXH3 of \(vector.count)")
            #expect(hex(long.value128.high, long.value128.low) == vector.xxh128, "XXH128 of \(vector.count)")
        }
    }

    @Test("The digests do not depend on the pieces that the input comes in, and may be asked for in between")
    func pieces() {
        let bytes = noise(5000)
        for size in [1, 7, 31, 32, 33, 63, 64, 65, 100, 240, 1000, 1023, 1024, 1025, 2049, 4999] {
            var short = XXH64()
            var long = XXH3()
            var start = 0
            while start < bytes.count {
                let end = min(start + size, bytes.count)
                bytes[start..<end].withUnsafeBytes {
                    short.update($0)
                    long.update($0)
                }
                start = end
                _ = (short.value, long.value64, long.value128)
            }
            #expect(hex(short.value) == "e52623d2ed7efe9c", "pieces of \(size)")
            #expect(hex(long.value64) == "215db44dee9150c0", "pieces of \(size)")
            #expect(
                hex(long.value128.high, long.value128.low) == "c2d7138baef35917215db44dee9150c0", "pieces of \(size)")
        }
    }
}
