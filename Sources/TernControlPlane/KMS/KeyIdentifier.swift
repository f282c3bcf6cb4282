package import TernCore
import TernPorts

/// Names of keys and aliases (KMS-1).
package enum KeyIdentifier {
    /// A UUID or, for keys of several regions, `mrk-` and 32 hexadecimal digits.
    static func make(isMultiRegion: Bool) -> String {
        var bytes = RandomBytes.make(16)
        // The marks of a random UUID (RFC 9562 §5.4); AWS has none of them in IDs of several regions.
        if !isMultiRegion {
            bytes[6] = bytes[6] & 0x0F | 0x40
            bytes[8] = bytes[8] & 0x3F | 0x80
        }
        return self.text(bytes, isMultiRegion: isMultiRegion)
    }

    static func text(_ bytes: [UInt8], isMultiRegion: Bool) -> String {
        let digits = bytes.lowercaseHex
        if isMultiRegion { return self.multiRegionPrefix + digits }
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(digit)
        }
        return text
    }

    static let multiRegionPrefix = "mrk-"

    /// The 16 bytes of an ID and its kind; `nil` for a text that is no ID, in its one spelling.
    static func bytes(_ id: String) -> (bytes: [UInt8], isMultiRegion: Bool)? {
        let isMultiRegion = id.hasPrefix(self.multiRegionPrefix)
        let digits = isMultiRegion ? Array(id.utf8.dropFirst(4)) : id.utf8.filter { $0 != UInt8(ascii: "-") }
        guard digits.count == 32, let bytes = [UInt8](hex: digits),
            self.text(bytes, isMultiRegion: isMultiRegion) == id
        else { return nil }
        return (bytes, isMultiRegion)
    }

    package static func arn(key id: String, account: AccountID, region: RegionName) -> String {
        "arn:aws:kms:\(region):\(account):key/\(id)"
    }

    /// - Parameter name: With `alias/` before it.
    package static func arn(alias name: String, account: AccountID, region: RegionName) -> String {
        "arn:aws:kms:\(region):\(account):\(name)"
    }
}

/// What a `KeyId` parameter names.
enum KeyReference: Hashable, Sendable {
    case key(id: String, account: AccountID)
    /// With `alias/` before the name.
    case alias(name: String, account: AccountID)

    static let aliasPrefix = "alias/"

    /// Reads an ID, ARN, alias name or alias ARN.
    ///
    /// - Parameter account: Whose keys and aliases are meant where no ARN says so.
    init(_ text: String, account: AccountID, region: RegionName) throws(KeyServiceError) {
        guard text.hasPrefix("arn:") else {
            self =
                text.hasPrefix(Self.aliasPrefix)
                ? .alias(name: text, account: account) : .key(id: text, account: account)
            return
        }
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[1] == "aws", parts[2] == "kms", let owner = AccountID(parts[4]) else {
            throw .invalidARN(text)
        }
        guard parts[3] == region.description else { throw .otherRegion(parts[3]) }
        if parts[5].hasPrefix(Self.aliasPrefix) {
            self = .alias(name: parts[5], account: owner)
        } else if parts[5].hasPrefix("key/") {
            self = .key(id: String(parts[5].dropFirst(4)), account: owner)
        } else {
            throw .invalidARN(text)
        }
    }
}
