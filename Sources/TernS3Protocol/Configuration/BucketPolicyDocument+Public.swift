extension BucketPolicyDocument {
    /// Whether the policy is public in the sense of Block Public Access: some statement allows, and nothing limits it to
    /// fixed values of those who may be meant.
    ///
    /// Source: Amazon S3 User Guide, "The meaning of public"; spec s3-api §9.3.
    package var isPublic: Bool { self.statements.contains { $0.isAllow && !$0.isLimited } }
}

extension BucketPolicyDocument.Statement {
    /// Condition keys whose fixed values say whom a statement means.
    private static let limitingKeys: Set<String> = [
        "aws:principalorgid", "aws:principalaccount", "aws:principalarn", "aws:sourceip", "aws:sourcearn",
        "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount", "aws:userid",
        "s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:dataaccesspointarn", "s3:dataaccesspointaccount",
    ]

    private static let limitingOperators: Set<String> = [
        "stringequals", "stringlike", "stringequalsignorecase", "arnequals", "arnlike", "ipaddress",
    ]

    var isLimited: Bool { self.hasFixedPrincipals || self.hasLimitingCondition }

    private var hasFixedPrincipals: Bool {
        guard let principals = self.principals else { return false }
        return principals.values.allSatisfy { $0.allSatisfy(Self.isFixed) }
    }

    private var hasLimitingCondition: Bool {
        self.conditions.contains { name, values in
            // `…IfExists` holds where the key is missing, and so limits nothing; with a set operator, only
            // `ForAnyValue:` needs the key to be there.
            var operation = name.lowercased()
            if operation.hasPrefix("foranyvalue:") { operation = String(operation.dropFirst("foranyvalue:".count)) }
            guard Self.limitingOperators.contains(operation) else { return false }
            return values.contains { key, values in
                // Private addresses do not occur on the Internet: they neither limit nor open anything.
                let counted = key == "aws:sourceip" ? values.filter { !PolicyAddressRange.isPrivate($0) } : values
                return Self.limitingKeys.contains(key) && !counted.isEmpty
                    && counted.allSatisfy { Self.limits($0, key: key) }
            }
        }
    }

    private static func limits(_ value: String, key: String) -> Bool {
        switch key {
        case "aws:sourceip": PolicyAddressRange(value)?.isNarrow ?? false
        case "aws:userid": self.isFixed(value) && !value.hasSuffix(":*")
        case "s3:dataaccesspointarn":
            // The name of the access point may be a wildcard: `arn:aws:s3:region:account:accesspoint/*`.
            value.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).count == 6
                && self.isFixed(String(value[..<(value.lastIndex(of: ":") ?? value.startIndex)]))
        default: self.isFixed(value)
        }
    }

    /// Without wildcards and policy variables.
    private static func isFixed(_ value: String) -> Bool {
        !value.isEmpty && !value.contains("*") && !value.contains("?") && !value.contains("${")
    }
}

/// A range of addresses in a condition on `aws:SourceIp`.
struct PolicyAddressRange {
    /// Whether it is no broader than /8, or /32 for IPv6.
    private(set) var isNarrow: Bool
    /// Whether it lies in the ranges of RFC 1918.
    private(set) var isPrivate = false

    /// `nil` for what is neither an address nor a range.
    init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count) else { return nil }
        let isIPv6 = halves[0].contains(":")
        let bits = halves.count == 2 ? Int(halves[1]) : isIPv6 ? 128 : 32
        guard let bits, (0...(isIPv6 ? 128 : 32)).contains(bits) else { return nil }
        if isIPv6 {
            self.isNarrow = bits >= 32
            return
        }
        let octets = halves[0].split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
        guard octets.count == 4 else { return nil }
        self.isPrivate =
            octets[0] == 10 || (octets[0] == 172 && (16..<32).contains(octets[1]))
            || (octets[0] == 192 && octets[1] == 168)
        self.isNarrow = bits >= 8
    }

    static func isPrivate(_ text: String) -> Bool { PolicyAddressRange(text)?.isPrivate ?? false }
}
