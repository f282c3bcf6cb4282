import Crypto
import FoundationEssentials
import NIOCore
import TernStorage

/// Seals and opens the chunks of one segment of a body.
///
/// A segment is cut into chunks of 64 KiB; each is sealed with AES-256-GCM under the segment's key, so that a range is
/// read without the rest. The nonce has the chunk's number and whether it is the last: a chunk that was changed, moved,
/// left out or brought from elsewhere does not open, nor does a segment that was cut off at a chunk's end. (That is the
/// STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015.) Under DSSE-KMS each sealed chunk is sealed
/// once more, under the key of the outer layer.
///
/// ```
/// nonce    last (1)   zero (3)   number, big-endian (8)
/// stored   ciphertext as long as the chunk   tag (16)   tag of the outer layer, if there is one (16)
/// ```
struct SegmentCipher: Sendable {
    /// Plain bytes of a chunk; the last one may have fewer.
    static let chunkBytes = 64 * 1024
    static let tagBytes = 16

    private let inner: SymmetricKey
    private let outer: SymmetricKey?

    init(inner: SymmetricKey, outer: SymmetricKey?) {
        self.inner = inner
        self.outer = outer
    }

    /// Bytes by which a stored chunk is longer than a plain one.
    var overhead: Int { self.outer == nil ? Self.tagBytes : 2 * Self.tagBytes }

    /// Appends a sealed chunk to `output`.
    func seal(
        _ plain: UnsafeRawBufferPointer, number: UInt64, isLast: Bool, to output: inout ByteBuffer
    ) throws(StorageError) {
        do {
            let nonce = try Self.nonce(number, isLast: isLast)
            let box = try AES.GCM.seal(plain, using: self.inner, nonce: nonce)
            guard let outer else {
                output.writeBytes(box.ciphertext)
                output.writeBytes(box.tag)
                return
            }
            let second = try AES.GCM.seal(box.ciphertext + box.tag, using: outer, nonce: nonce)
            output.writeBytes(second.ciphertext)
            output.writeBytes(second.tag)
        } catch {
            // Only a key or nonce of another length is refused.
            throw StorageError(.io, "a chunk cannot be sealed: \(error)")
        }
    }

    /// The plain bytes of a stored chunk.
    func open(_ stored: UnsafeRawBufferPointer, number: UInt64, isLast: Bool) throws(StorageError) -> Data {
        do {
            guard let outer else { return try Self.open(stored, key: self.inner, number: number, isLast: isLast) }
            let sealed = try Self.open(stored, key: outer, number: number, isLast: isLast)
            return try sealed.withUnsafeBytes {
                try Self.open($0, key: self.inner, number: number, isLast: isLast)
            }
        } catch {
            throw StorageError(
                .damaged, "chunk \(number) of an encrypted body is not what was stored, or not under this key")
        }
    }

    private static func open(
        _ sealed: UnsafeRawBufferPointer, key: SymmetricKey, number: UInt64, isLast: Bool
    ) throws -> Data {
        // In one piece with its nonce, which the library takes as it is instead of putting it together.
        var combined = Data(capacity: Self.nonceBytes + sealed.count)
        Self.withNonce(number, isLast: isLast) { combined.append(contentsOf: $0) }
        combined.append(contentsOf: sealed)
        return try AES.GCM.open(AES.GCM.SealedBox(combined: combined), using: key)
    }

    private static let nonceBytes = 12

    private static func nonce(_ number: UInt64, isLast: Bool) throws -> AES.GCM.Nonce {
        try self.withNonce(number, isLast: isLast) { try AES.GCM.Nonce(data: $0) }
    }

    private static func withNonce<Result>(
        _ number: UInt64, isLast: Bool, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try withUnsafeTemporaryAllocation(byteCount: Self.nonceBytes, alignment: 8) { bytes in
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            if isLast { bytes[0] = 1 }
            bytes.storeBytes(of: number.bigEndian, toByteOffset: 4, as: UInt64.self)
            return try body(UnsafeRawBufferPointer(bytes))
        }
    }
}
