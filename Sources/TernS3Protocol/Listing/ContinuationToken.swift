import TernCore

/// Where the next page of ListObjectsV2 begins (spec rule LST-6).
///
/// The token names a place in the order of keys, not a key that must exist, so that it survives any change of the bucket.
/// A check sum tells tokens of Tern from foreign ones.
package enum ContinuationToken: Hashable, Sendable {
    /// Behind this key.
    case afterKey([UInt8])
    /// Behind all keys that begin with this common prefix.
    case afterPrefix([UInt8])

    /// The text that clients send back.
    package var wireForm: String {
        var bytes: [UInt8]
        switch self {
        case .afterKey(let key): bytes = [0] + key
        case .afterPrefix(let prefix): bytes = [1] + prefix
        }
        bytes.append(bigEndian: Self.check(bytes[...]))
        return Base64.encode(bytes)
    }

    /// `nil` for what ``wireForm`` did not make.
    package init?(wireForm: String) {
        guard let bytes = Base64.decode(wireForm), bytes.count >= 5 else { return nil }
        let payload = bytes.dropLast(4)
        guard UInt64(bigEndianBytes: bytes.suffix(4)) == UInt64(Self.check(payload)) else { return nil }
        switch payload.first {
        case 0: self = .afterKey(Array(payload.dropFirst()))
        case 1: self = .afterPrefix(Array(payload.dropFirst()))
        default: return nil
        }
    }

    /// FNV-1a of the bytes, from a start of our own.
    private static func check(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(0x7465_726E) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }
}
