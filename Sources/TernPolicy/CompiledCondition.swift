import TernCore

/// One key of one operator of a `Condition`, with its values read once (specification §5.2).
package struct CompiledCondition: Sendable {
    private enum Operands: Sendable {
        case texts([PolicyText])
        case numbers([PolicyDecimal])
        case dates([Timestamp])
        case booleans([Bool])
        case binaries([[UInt8]])
        case addresses([AddressRange])
    }

    /// In lower case.
    package let key: String
    private let condition: ConditionOperator
    private let operands: Operands

    /// - Throws: `PolicyProblem.invalidValue` for a value that is not of the operator's type (POL-12).
    package init(_ condition: PolicyDocument.Condition, version: PolicyDocument.Version) throws(PolicyProblem) {
        self.key = condition.key
        self.condition = condition.operator
        self.operands = try Self.operands(condition, version)
    }

    /// Whether the condition is true of a request.
    package func holds(in context: PolicyContext) -> Bool {
        // A key without values is absent.
        let values = context[self.key] ?? []
        if self.condition.comparison == .null {
            guard case .booleans(let wanted) = self.operands else { return false }
            return wanted.contains(values.isEmpty)
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
        // One of the operands matches; none, for a negated operator. A variable without value is like nothing and equal to
        // nothing, which negated operators hold of. Source: IAM User Guide, "Policy variables with no value".
        let isNegated = self.condition.comparison.isNegated
        switch self.condition.quantifier {
        case .all: return values.allSatisfy { self.matches($0, context) != isNegated }
        // POL-11: a key of several values without a set operator is taken as if any were asked for.
        case .any, nil: return values.contains { self.matches($0, context) != isNegated }
        }
    }

    /// Whether an operand matches a value, which is read once for all of them.
    private func matches(_ value: String, _ context: PolicyContext) -> Bool {
        switch self.operands {
        case .texts(let texts):
            return self.matches(value, texts, context)
        case .numbers(let numbers):
            guard let number = PolicyDecimal(value) else { return false }
            return numbers.contains { self.isOrdered(number, $0) }
        case .dates(let dates):
            guard let date = Self.date(value) else { return false }
            return dates.contains { self.isOrdered(date, $0) }
        case .booleans(let booleans):
            guard let boolean = Self.boolean(value) else { return false }
            return booleans.contains(boolean)
        case .binaries(let binaries):
            guard let binary = Base64.decode(value) else { return false }
            return binaries.contains(binary)
        case .addresses(let ranges):
            guard let address = AddressRange(value) else { return false }
            return ranges.contains { $0.contains(address) }
        }
    }

    private func matches(_ value: String, _ texts: [PolicyText], _ context: PolicyContext) -> Bool {
        switch self.condition.comparison {
        case .stringLike, .stringNotLike:
            return value.utf8.withContiguousStorageIfAvailable { bytes in
                texts.contains { $0.matches(bytes: bytes, context) }
            } ?? texts.contains { $0.matches(bytes: Array(value.utf8), context) }
        case .arnEquals, .arnLike, .arnNotEquals, .arnNotLike:
            return value.utf8.withContiguousStorageIfAvailable { bytes in
                texts.contains { $0.matches(arn: bytes, context) }
            } ?? texts.contains { $0.matches(arn: Array(value.utf8), context) }
        case .stringEqualsIgnoreCase, .stringNotEqualsIgnoreCase:
            let lowercase = value.lowercased()
            return texts.contains { $0.isEqualIgnoringCase(toLowercase: lowercase, context) }
        default:
            return texts.contains { $0.isEqual(to: value, context) }
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

    private static func operands(
        _ condition: PolicyDocument.Condition, _ version: PolicyDocument.Version
    ) throws(PolicyProblem) -> Operands {
        func all<Value>(_ read: (String) -> Value?) throws(PolicyProblem) -> [Value] {
            var all: [Value] = []
            for value in condition.values {
                guard let operand = read(value) else {
                    throw .invalidValue(element: condition.operator.comparison.rawValue, value: value)
                }
                all.append(operand)
            }
            return all
        }
        switch condition.operator.comparison {
        case .null, .bool: return .booleans(try all(self.boolean))
        case .binaryEquals: return .binaries(try all { Base64.decode($0) })
        case .ipAddress, .notIpAddress: return .addresses(try all { AddressRange($0) })
        case .numericEquals, .numericNotEquals, .numericLessThan, .numericLessThanEquals, .numericGreaterThan,
            .numericGreaterThanEquals:
            return .numbers(try all { PolicyDecimal($0) })
        case .dateEquals, .dateNotEquals, .dateLessThan, .dateLessThanEquals, .dateGreaterThan, .dateGreaterThanEquals:
            return .dates(try all(self.date))
        default:
            var texts: [PolicyText] = []
            for value in condition.values { texts.append(try PolicyText(value, version: version)) }
            return .texts(texts)
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
