import Crypto

/// SHA-256 over a stream of bytes.
package struct SHA256Hasher: Sendable {
    private var state = SHA256()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        self.state.update(bufferPointer: bytes)
    }

    /// The 32 bytes of the digest of all bytes so far; more may follow.
    package func finalize() -> [UInt8] {
        Array(self.state.finalize())
    }

    /// The 32 bytes of the digest of `bytes`.
    package static func hash(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let digest = bytes.withContiguousStorageIfAvailable { contiguous in
            var hasher = SHA256Hasher()
            hasher.update(UnsafeRawBufferPointer(contiguous))
            return hasher.finalize()
        }
        return digest
            ?? Array(bytes).withUnsafeBytes { copied in
                var hasher = SHA256Hasher()
                hasher.update(copied)
                return hasher.finalize()
            }
    }
}

/// SHA-1 over a stream of bytes: a checksum here, not a protection.
package struct SHA1Hasher: Sendable {
    private var state = Insecure.SHA1()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        self.state.update(bufferPointer: bytes)
    }

    /// The 20 bytes of the digest of all bytes so far; more may follow.
    package func finalize() -> [UInt8] {
        Array(self.state.finalize())
    }
}

/// MD5 over a stream of bytes: what ETags and `Content-MD5` are made of.
package struct MD5Hasher: Sendable {
    private var state = Insecure.MD5()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        self.state.update(bufferPointer: bytes)
    }

    /// The 16 bytes of the digest of all bytes so far; more may follow.
    package func finalize() -> [UInt8] {
        Array(self.state.finalize())
    }
}
