import Crypto
import NIOCore
import TernChecksums
import TernCore
import TernS3Protocol

/// The algorithms of S3ComputeObjectChecksum: those of objects, and others.
enum ObjectHasher {
    case checksum(ChecksumHasher)
    case md5(Insecure.MD5)
    case sha512(SHA512)
    case xxh64(XXH64)
    case xxh3(XXH3)
    case xxh128(XXH3)

    /// `nil` for one that is not known.
    init?(_ algorithm: String) {
        if let known = ChecksumAlgorithm(rawValue: algorithm) {
            self = .checksum(ChecksumHasher(known))
            return
        }
        switch algorithm {
        case "MD5": self = .md5(Insecure.MD5())
        case "SHA512": self = .sha512(SHA512())
        case "XXHASH64": self = .xxh64(XXH64())
        case "XXHASH3": self = .xxh3(XXH3())
        case "XXHASH128": self = .xxh128(XXH3())
        default: return nil
        }
    }

    mutating func update(_ piece: ByteBuffer) {
        piece.withUnsafeReadableBytes { bytes in
            switch self {
            case .checksum(var hasher):
                hasher.update(bytes)
                self = .checksum(hasher)
            case .md5(var hasher):
                hasher.update(bufferPointer: bytes)
                self = .md5(hasher)
            case .sha512(var hasher):
                hasher.update(bufferPointer: bytes)
                self = .sha512(hasher)
            case .xxh64(var hasher):
                hasher.update(bytes)
                self = .xxh64(hasher)
            case .xxh3(var hasher):
                hasher.update(bytes)
                self = .xxh3(hasher)
            case .xxh128(var hasher):
                hasher.update(bytes)
                self = .xxh128(hasher)
            }
        }
    }

    /// The digest, most significant byte first.
    func finalize() -> [UInt8] {
        var digest: [UInt8] = []
        switch self {
        case .checksum(let hasher): digest = hasher.finalize()
        case .md5(let hasher): digest = Array(hasher.finalize())
        case .sha512(let hasher): digest = Array(hasher.finalize())
        case .xxh64(let hasher): digest.append(bigEndian: hasher.value)
        case .xxh3(let hasher): digest.append(bigEndian: hasher.value64)
        case .xxh128(let hasher):
            let value = hasher.value128
            digest.append(bigEndian: value.high)
            digest.append(bigEndian: value.low)
        }
        return digest
    }
}
