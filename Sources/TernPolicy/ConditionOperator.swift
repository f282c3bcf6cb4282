/// The operator of a condition: a comparison, and what the name puts before or behind it (specification §5.2).
package struct ConditionOperator: Hashable, Sendable {
    package enum Comparison: String, CaseIterable, Sendable {
        case stringEquals = "StringEquals"
        case stringNotEquals = "StringNotEquals"
        case stringEqualsIgnoreCase = "StringEqualsIgnoreCase"
        case stringNotEqualsIgnoreCase = "StringNotEqualsIgnoreCase"
        case stringLike = "StringLike"
        case stringNotLike = "StringNotLike"
        case numericEquals = "NumericEquals"
        case numericNotEquals = "NumericNotEquals"
        case numericLessThan = "NumericLessThan"
        case numericLessThanEquals = "NumericLessThanEquals"
        case numericGreaterThan = "NumericGreaterThan"
        case numericGreaterThanEquals = "NumericGreaterThanEquals"
        case dateEquals = "DateEquals"
        case dateNotEquals = "DateNotEquals"
        case dateLessThan = "DateLessThan"
        case dateLessThanEquals = "DateLessThanEquals"
        case dateGreaterThan = "DateGreaterThan"
        case dateGreaterThanEquals = "DateGreaterThanEquals"
        case bool = "Bool"
        case binaryEquals = "BinaryEquals"
        case ipAddress = "IpAddress"
        case notIpAddress = "NotIpAddress"
        case arnEquals = "ArnEquals"
        case arnLike = "ArnLike"
        case arnNotEquals = "ArnNotEquals"
        case arnNotLike = "ArnNotLike"
        case null = "Null"
    }

    package enum Quantifier: String, CaseIterable, Sendable {
        case all = "ForAllValues:"
        case any = "ForAnyValue:"
    }

    package var comparison: Comparison
    package var quantifier: Quantifier?
    /// An absent key makes the condition true.
    package var ifExists: Bool

    /// By the name in a policy, case-sensitively (POL-1); `nil` if there is no such operator. `Null` has no `IfExists`.
    package init?(name: String) {
        var rest = name[...]
        self.quantifier = Quantifier.allCases.first { rest.hasPrefix($0.rawValue) }
        if let quantifier = self.quantifier { rest = rest.dropFirst(quantifier.rawValue.count) }
        self.ifExists = rest.hasSuffix("IfExists")
        if self.ifExists { rest = rest.dropLast("IfExists".count) }
        guard let comparison = Comparison(rawValue: String(rest)), !(comparison == .null && self.ifExists) else {
            return nil
        }
        self.comparison = comparison
    }
}
