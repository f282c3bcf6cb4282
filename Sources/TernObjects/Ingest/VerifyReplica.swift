import NIOCore
import TernChecksums
import TernCore
import TernRecords

/// Checks that the bytes that arrived are those that the client of the source sent.
enum ReplicaVerification {
    /// What is wrong with the items' bodies; `nil` for those that are right. Hops off the caller's executor: hashing
    /// takes its time.
    @concurrent
    static func problems(of items: [IngestItem]) async -> [String?] {
        items.map { self.problem(of: $0) }
    }

    static func problem(of item: IngestItem) -> String? {
        let version = item.replica.version
        guard item.replica.kind == .object else { return nil }
        if version.travelsSealed {
            // Only who has the key can look further.
            let stretches = StoredStretches(item.replica.sealedSegments)
            guard stretches.plainByteCount == version.byteCount,
                stretches.storedByteCount == Int64(item.body.readableBytes)
            else { return "the sealed body has another length than its record" }
            return nil
        }
        guard Int64(item.body.readableBytes) == version.byteCount else {
            return "the body has another length than its record"
        }
        let bytes = item.body.readableBytesView
        return bytes.withUnsafeBytes { bytes in
            self.problem(of: version, bytes: bytes)
                ?? self.problem(
                    of: item.replica.parts, bytes: bytes, hasMD5s: !version.encryption.hasOpaqueETag)
        }
    }

    /// Where the whole object has a checksum of 64 bits or more, no damage gets past it, and the MD5 would only take its time:
    /// twenty times that of a CRC64NVME, which objects have whose clients chose nothing else.
    private static func problem(of version: VersionRecord, bytes: UnsafeRawBufferPointer) -> String? {
        if let expected = version.checksum.checksum, expected.type == .fullObject {
            guard self.checksum(bytes, expected.algorithm) == expected.digest else {
                return "the body's \(expected.algorithm.rawValue) does not match"
            }
            if expected.digest.count >= 8 { return nil }
        }
        guard version.etagPartCount == 0, !version.encryption.hasOpaqueETag else { return nil }
        return self.md5(bytes) == Array(version.etagMd5) ? nil : "the body's MD5 does not match"
    }

    private static func problem(of parts: [PartLayout], bytes: UnsafeRawBufferPointer, hasMD5s: Bool) -> String? {
        if parts.isEmpty { return nil }
        var offset = 0
        for part in parts {
            guard part.byteCount >= 0, Int64(offset) + part.byteCount <= Int64(bytes.count) else {
                return "the parts are longer than the body"
            }
            let slice = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(part.byteCount)])
            if hasMD5s, self.md5(slice) != Array(part.md5) { return "the MD5 of part \(part.number) does not match" }
            if let expected = part.checksum.checksum, expected.type == .fullObject,
                self.checksum(slice, expected.algorithm) != expected.digest
            {
                return "the \(expected.algorithm.rawValue) of part \(part.number) does not match"
            }
            offset += Int(part.byteCount)
        }
        return offset == bytes.count ? nil : "the parts are shorter than the body"
    }

    private static func md5(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hasher = MD5Hasher()
        hasher.update(bytes)
        return hasher.finalize()
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer, _ algorithm: ChecksumAlgorithm) -> [UInt8] {
        var hasher = ChecksumHasher(algorithm)
        hasher.update(bytes)
        return hasher.finalize()
    }
}
