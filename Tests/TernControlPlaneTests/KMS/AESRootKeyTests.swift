import TernControlPlane
import Testing

@Suite("The root key")
struct AESRootKeyTests {
    private static let bytes = [UInt8](0..<32)

    private static func key() throws -> AESRootKey { try #require(AESRootKey(bytes: self.bytes)) }

    @Test("KMS-25: what was sealed opens with the same key and label alone")
    func roundTrip() throws {
        let key = try Self.key()
        for plaintext in [[], [7], [UInt8](repeating: 1, count: 5000)] {
            let sealed = key.seal(plaintext, label: "a")
            #expect(key.open(sealed, label: "a") == plaintext)
            #expect(key.open(sealed, label: "b") == nil)
            let other = try #require(AESRootKey(bytes: [UInt8](1..<33)))
            #expect(other.open(sealed, label: "a") == nil)
        }
    }

    @Test("KMS-25: a changed, shortened or lengthened value does not open")
    func tampering() throws {
        let key = try Self.key()
        let sealed = key.seal([1, 2, 3], label: "a")
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(key.open(changed, label: "a") == nil, "byte \(index)")
            #expect(key.open(Array(sealed[..<index]), label: "a") == nil)
        }
        #expect(key.open(sealed + [0], label: "a") == nil)
    }

    @Test("KMS-25: nothing of what is sealed can be seen, and no two sealed values are alike")
    func confidentiality() throws {
        let key = try Self.key()
        let plaintext = [UInt8](repeating: 0xAB, count: 64)
        let first = key.seal(plaintext, label: "a")
        let second = key.seal(plaintext, label: "a")
        #expect(first != second)
        #expect(first[1..<17] != second[1..<17])
        #expect(first[17..<29] != second[17..<29])
        #expect(!first.contains(0xAB) || first.filter { $0 == 0xAB }.count < 8)
    }

    @Test(
        "A root key is 32 bytes, 64 hexadecimal digits or base64",
        arguments: [
            ("000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F", true),
            (" 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", true),
            ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", true),
            ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\r\n", true),
            ("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g", false),
            ("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e", false),
            ("AAECAwQFBgcICQoLDA0ODw==", false),
            ("", false),
        ])
    func text(_ text: String, _ isValid: Bool) throws {
        let key = AESRootKey(text: text.utf8)
        #expect((key != nil) == isValid)
        if let key {
            #expect(key.open(try Self.key().seal([1], label: "x"), label: "x") == [1])
        }
        #expect(AESRootKey(bytes: [UInt8](0..<31)) == nil)
    }
}
