package import TernCore

/// The policy of a browser upload: what the form may say, and until when (spec rule SIG-73).
///
/// Source: Amazon S3 API Reference, "POST policy".
package struct PostPolicy: Hashable, Sendable {
    package enum Condition: Hashable, Sendable {
        case equals(field: String, value: String)
        case startsWith(field: String, prefix: String)

        /// The field's name in lower case, without `$`.
        var field: String {
            switch self {
            case .equals(let field, _), .startsWith(let field, _): field.dropFirst().lowercased()
            }
        }

        /// As the error shows it; the field with its `$`.
        var text: String {
            switch self {
            case .equals(let field, let value): Self.text("eq", field, value)
            case .startsWith(let field, let prefix): Self.text("starts-with", field, prefix)
            }
        }

        private static func text(_ parts: String...) -> String {
            "[" + parts.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
        }
    }

    package private(set) var expiration: Timestamp
    package private(set) var conditions: [Condition] = []
    /// `content-length-range`.
    package private(set) var sizes: ClosedRange<Int64>?

    // MARK: Reading

    /// Reads the `policy` field.
    ///
    /// - Throws: `InvalidPolicyDocument`.
    package init(base64 text: String) throws(S3Error) {
        // Line breaks of encoders that fold are no fault.
        guard let bytes = Base64.decode(text.filter { !$0.isWhitespace }) else {
            throw .invalidPostPolicy("invalid Base64 encoding.")
        }
        guard let root = try? JSONParser.parse(bytes), case .object = root else {
            throw .invalidPostPolicy("Invalid JSON.")
        }
        guard let expiration = root["expiration"] else { throw .invalidPostPolicy("Policy missing expiration.") }
        guard let time = expiration.string.flatMap({ Timestamp(iso8601: $0) }) else {
            throw .invalidPostPolicy("Invalid 'expiration' value: '\(expiration.string ?? "")'")
        }
        self.expiration = time
        guard case .array(let conditions)? = root["conditions"] else {
            throw .invalidPostPolicy("Policy missing conditions.")
        }
        for condition in conditions { try self.read(condition) }
    }

    private mutating func read(_ condition: JSONValue) throws(S3Error) {
        switch condition {
        case .object(let members):
            guard members.count == 1, let value = members[0].value.text else {
                throw .invalidPostPolicy(
                    "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
            }
            self.conditions.append(.equals(field: "$" + members[0].name, value: value))
        case .array(let parts):
            guard let operation = parts.first?.string else {
                throw .invalidPostPolicy("Invalid Condition: Condition is empty or has no operation.")
            }
            try self.read(operation, Array(parts.dropFirst()))
        default:
            throw .invalidPostPolicy("Invalid Condition: a Condition is an object or a list.")
        }
    }

    private mutating func read(_ operation: String, _ arguments: [JSONValue]) throws(S3Error) {
        switch operation.lowercased() {
        case "eq", "starts-with":
            guard arguments.count == 2, let field = arguments[0].string, field.hasPrefix("$"),
                let value = arguments[1].text
            else { throw .invalidPostPolicy("Invalid \(operation): it needs a field that begins with $, and a value.") }
            self.conditions.append(
                operation.lowercased() == "eq"
                    ? .equals(field: field, value: value) : .startsWith(field: field, prefix: value))
        case "content-length-range":
            guard arguments.count == 2, let least = arguments[0].size, let most = arguments[1].size, least <= most
            else { throw .invalidPostPolicy("Invalid content-length-range: it needs two integers in order.") }
            let known = self.sizes ?? 0...Int64.max
            self.sizes = max(known.lowerBound, least)...max(min(known.upperBound, most), max(known.lowerBound, least))
        default:
            throw .invalidPostPolicy("Invalid Condition: unknown operation '\(operation)'.")
        }
    }

    // MARK: Evaluation

    /// Fields that no condition needs to cover.
    private static let uncovered: Set<String> = [
        "x-amz-signature", "signature", "awsaccesskeyid", "file", "policy",
    ]

    /// Checks the form; the size of the file is checked while it arrives.
    ///
    /// - Parameter bucket: To which the form was sent; a condition may name it, and no field needs to.
    /// - Throws: `AccessDenied` with the first fault.
    package func check(_ form: PostForm, bucket: String, now: Timestamp) throws(S3Error) {
        if now >= self.expiration { throw .postPolicyViolated("Policy expired.") }
        for condition in self.conditions where !Self.holds(condition, of: form, bucket: bucket) {
            throw .postPolicyViolated("Policy Condition failed: \(condition.text)")
        }
        let covered = Set(self.conditions.map(\.field))
        for field in form.fields {
            let name = field.name.lowercased()
            if covered.contains(name) || Self.uncovered.contains(name) || name.hasPrefix("x-ignore-") { continue }
            throw .postPolicyViolated("Extra input fields: \(field.name)")
        }
    }

    private static func holds(_ condition: Condition, of form: PostForm, bucket: String) -> Bool {
        let name = condition.field
        let value = name == "bucket" ? bucket : form[name] ?? ""
        switch condition {
        case .equals(_, let expected): return value == expected
        case .startsWith(_, let prefix):
            // Several content types may stand in one field; each must fit.
            if name == "content-type" {
                return value.split(separator: ",", omittingEmptySubsequences: false)
                    .allSatisfy { $0.trimmingBlanks.hasPrefix(prefix) }
            }
            return value.hasPrefix(prefix)
        }
    }

    /// - Throws: `EntityTooSmall` or `EntityTooLarge`.
    package func checkSize(_ byteCount: Int64) throws(S3Error) {
        guard let sizes = self.sizes else { return }
        if byteCount < sizes.lowerBound {
            throw .entityTooSmall(proposed: byteCount, minimum: sizes.lowerBound)
        }
        if byteCount > sizes.upperBound { throw .entityTooLarge(proposed: byteCount, maximum: sizes.upperBound) }
    }
}

extension JSONValue {
    /// A value of a condition: clients write numbers and flags with or without quotes.
    fileprivate var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .boolean(let flag): flag ? "true" : "false"
        default: nil
        }
    }

    fileprivate var size: Int64? { self.text.flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 } }
}
