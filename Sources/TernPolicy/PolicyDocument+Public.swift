extension PolicyDocument {
    /// Whether the policy is public in the sense of Block Public Access: some statement allows, and nothing limits it to
    /// fixed values of those who may be meant.
    ///
    /// Source: Amazon S3 User Guide, "The meaning of public"; s3-api §9.3.
    package var isPublic: Bool { self.statements.contains { $0.effect == .allow && !$0.isLimited } }
}

extension CompiledPolicy {
    /// See `PolicyDocument.isPublic`.
    package var isPublic: Bool { self.document.isPublic }
}

extension PolicyDocument.Statement {
    /// Condition keys whose fixed values say whom a statement means.
    private static let limitingKeys: Set<String> = [
        "aws:principalorgid", "aws:principalaccount", "aws:principalarn", "aws:sourceip", "aws:sourcearn",
        "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount", "aws:userid",
        "s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:dataaccesspointarn", "s3:dataaccesspointaccount",
    ]

    fileprivate var isLimited: Bool {
        if let principals = self.principals, !principals.isNegated, !principals.values.contains(.everyone) {
            return true
        }
        return self.conditions.contains(where: Self.isLimiting)
    }

    private static func isLimiting(_ condition: PolicyDocument.Condition) -> Bool {
        // `…IfExists` and `ForAllValues:` hold where the key is missing, and so limit nothing.
        guard self.limitingKeys.contains(condition.key), !condition.operator.ifExists,
            condition.operator.quantifier != .all
        else { return false }
        switch condition.operator.comparison {
        case .stringEquals, .stringLike, .stringEqualsIgnoreCase, .arnEquals, .arnLike, .ipAddress: break
        default: return false
        }
        return condition.values.allSatisfy { self.limits($0, key: condition.key) }
    }

    private static func limits(_ value: String, key: String) -> Bool {
        switch key {
        case "aws:sourceip": AddressRange(value)?.isLimited ?? false
        case "s3:dataaccesspointarn":
            // The name of the access point may be a wildcard: `arn:aws:s3:region:account:accesspoint/*`.
            value.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).count == 6
                && self.isFixed(String(value[..<(value.lastIndex(of: ":") ?? value.startIndex)]))
        default: self.isFixed(value)
        }
    }

    /// Without wildcards and policy variables.
    private static func isFixed(_ value: String) -> Bool {
        !value.isEmpty && !value.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
            && !value.contains("${")
    }
}

extension AddressRange {
    private static let privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].compactMap { AddressRange($0) }

    /// Not broader than /8, or /32 for IPv6. Private addresses (RFC 1918) are never broad: nobody has them on the
    /// Internet.
    fileprivate var isLimited: Bool {
        self.prefix >= (self.isVersion4 ? 8 : 32) || Self.privateRanges.contains { $0.contains(self) }
    }
}
