import TernCore

/// One key of one operator of a `Condition`, with its values read once (specification §5.2).
package struct CompiledCondition: Sendable {
    private enum Operand: Sendable {
        case text(PolicyText)
        case number(PolicyDecimal)
        case date(Timestamp)
        case boolean(Bool)
        case binary([UInt8])
        case addresses(AddressRange)
    }

    /// In lower case.
    package let key: String
    private let condition: ConditionOperator
    private let operands: [Operand]

    /// - Throws: `PolicyProblem.invalidValue` for a value that is not of the operator's type (POL-12).
    package init(_ condition: PolicyDocument.Condition, version: PolicyDocument.Version) throws(PolicyProblem) {
        self.key = condition.key
        self.condition = condition.operator
        var operands: [Operand] = []
        for value in condition.values {
            guard let operand = try Self.operand(value, condition.operator.comparison, version) else {
                throw .invalidValue(element: condition.operator.comparison.rawValue, value: value)
            }
            operands.append(operand)
        }
        self.operands = operands
    }

    /// Whether the condition is true of a request.
    ///
    package func holds(in context: PolicyContext) -> Bool {
        // A key without values is absent.
        let values = context[self.key] ?? []
        if self.condition.comparison == .null {
            return self.operands.contains { operand in
                guard case .boolean(let isAbsent) = operand else { return false }
                return isAbsent == values.isEmpty
            }
        }
        if values.isEmpty {
            // POL-10.
            if self.condition.ifExists { return true }
            return switch self.condition.quantifier {
            case .all: true
            case .any: false
            case nil: self.condition.comparison.isNegated
            }
        }
        switch self.condition.quantifier {
        case .all: return values.allSatisfy { self.holds(ofOne: $0, context) }
        // POL-11: a key of several values without a set operator is taken as if any were asked for.
        case .any, nil: return values.contains { self.holds(ofOne: $0, context) }
        }
    }

    /// One of the values matches; none, for a negated operator.
    private func holds(ofOne value: String, _ context: PolicyContext) -> Bool {
        // A variable without value is like nothing and equal to nothing, which negated operators hold of. Source: IAM User
        // Guide, "Policy variables with no value".
        self.operands.contains { self.matches($0, value, context) } != self.condition.comparison.isNegated
    }

    private func matches(_ operand: Operand, _ value: String, _ context: PolicyContext) -> Bool {
        switch operand {
        case .text(let text): return self.matches(text, value, context)
        case .number(let wanted): return PolicyDecimal(value).map { self.isOrdered($0, wanted) } ?? false
        case .date(let wanted): return Self.date(value).map { self.isOrdered($0, wanted) } ?? false
        case .boolean(let wanted): return Self.boolean(value) == wanted
        case .binary(let wanted): return Base64.decode(value) == wanted
        case .addresses(let wanted): return AddressRange(value).map { wanted.contains($0) } ?? false
        }
    }

    private func matches(_ text: PolicyText, _ value: String, _ context: PolicyContext) -> Bool {
        switch self.condition.comparison {
        case .stringLike, .stringNotLike:
            value.utf8.withContiguousStorageIfAvailable { text.matches(bytes: $0, context) }
                ?? text.matches(bytes: Array(value.utf8), context)
        case .arnEquals, .arnLike, .arnNotEquals, .arnNotLike:
            value.utf8.withContiguousStorageIfAvailable { text.matches(arn: $0, context) }
                ?? text.matches(arn: Array(value.utf8), context)
        case .stringEqualsIgnoreCase, .stringNotEqualsIgnoreCase: text.isEqualIgnoringCase(to: value, context)
        default: text.isEqual(to: value, context)
        }
    }

    private func isOrdered<Value: Comparable>(_ value: Value, _ wanted: Value) -> Bool {
        switch self.condition.comparison {
        case .numericLessThan, .dateLessThan: value < wanted
        case .numericLessThanEquals, .dateLessThanEquals: value <= wanted
        case .numericGreaterThan, .dateGreaterThan: value > wanted
        case .numericGreaterThanEquals, .dateGreaterThanEquals: value >= wanted
        default: value == wanted
        }
    }

    private static func operand(
        _ text: String, _ comparison: ConditionOperator.Comparison, _ version: PolicyDocument.Version
    ) throws(PolicyProblem) -> Operand? {
        switch comparison {
        case .null, .bool: return self.boolean(text).map { .boolean($0) }
        case .binaryEquals: return Base64.decode(text).map { .binary($0) }
        case .ipAddress, .notIpAddress: return AddressRange(text).map { .addresses($0) }
        case .numericEquals, .numericNotEquals, .numericLessThan, .numericLessThanEquals, .numericGreaterThan,
            .numericGreaterThanEquals:
            return PolicyDecimal(text).map { .number($0) }
        case .dateEquals, .dateNotEquals, .dateLessThan, .dateLessThanEquals, .dateGreaterThan, .dateGreaterThanEquals:
            return self.date(text).map { .date($0) }
        default: return .text(try PolicyText(text, version: version))
        }
    }

    private static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true": true
        case "false": false
        default: nil
        }
    }

    /// ISO 8601, also a day alone, or seconds since 1970.
    private static func date(_ text: String) -> Timestamp? {
        if let seconds = Int64(text), seconds.magnitude < 1_000_000_000_000 { return Timestamp(seconds: seconds) }
        return Timestamp(iso8601: text) ?? Timestamp(iso8601: text + "T00:00:00Z")
    }
}

extension ConditionOperator.Comparison {
    /// True of what its positive twin does not match.
    package var isNegated: Bool {
        switch self {
        case .stringNotEquals, .stringNotEqualsIgnoreCase, .stringNotLike, .numericNotEquals, .dateNotEquals,
            .notIpAddress, .arnNotEquals, .arnNotLike:
            true
        default: false
        }
    }
}
