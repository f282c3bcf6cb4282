package import TernCore

/// Which pages of other origins may use a bucket from a browser (spec s3-api §12.4).
///
/// Source: Amazon S3 User Guide, "Elements of a CORS configuration".
package struct CORSConfiguration: Hashable, Sendable {
    package struct Rule: Hashable, Sendable {
        /// Each with at most one `*`.
        package var allowedOrigins: [String]
        package var allowedMethods: [String]
        /// Each with at most one `*`; names of headers have no case.
        package var allowedHeaders: [String]
        package var exposedHeaders: [String]
        package var maxAgeSeconds: Int?
    }

    package var rules: [Rule]

    private static let methods = ["GET", "PUT", "HEAD", "POST", "DELETE"]

    private static let schema = ElementSchema.group([
        .many(
            "CORSRule", 1...100,
            .group([
                .optional("ID", .text),
                .many("AllowedHeader", 0...1000, .text),
                .many("AllowedMethod", 1...100, .text),
                .many("AllowedOrigin", 1...1000, .text),
                .many("ExposeHeader", 0...1000, .text),
                .optional("MaxAgeSeconds", .integer(0...Int(Int32.max))),
            ]))
    ])

    /// Checks a client's document and returns it in the form in which it is kept.
    ///
    /// - Throws: `MalformedXML`; `InvalidRequest` for a method that CORS has not, or two wildcards.
    package static func normalized(_ bytes: [UInt8]) throws(S3Error) -> [UInt8] {
        let root = try self.schema.normalized(RequestDocument.parse(bytes, root: "CORSConfiguration"))
        for rule in root.children {
            for method in rule.children(named: "AllowedMethod") where !self.methods.contains(method.text) {
                throw .unsupportedCORSMethod(method.text)
            }
            for origin in rule.children(named: "AllowedOrigin") where self.wildcards(in: origin.text) > 1 {
                throw .severalWildcards(in: origin.text, of: "AllowedOrigin")
            }
            for header in rule.children(named: "AllowedHeader") where self.wildcards(in: header.text) > 1 {
                throw .severalWildcards(in: header.text, of: "AllowedHeader")
            }
            for header in rule.children(named: "ExposeHeader") where self.wildcards(in: header.text) > 0 {
                throw .wildcardInExposeHeader(header.text)
            }
        }
        return root.document()
    }

    private static func wildcards(in text: String) -> Int { text.utf8.count { $0 == UInt8(ascii: "*") } }

    /// Reads what ``normalized(_:)`` wrote.
    package init(stored bytes: [UInt8]) throws(S3Error) {
        let root = try RequestDocument.parse(bytes, root: "CORSConfiguration")
        self.rules = root.children.map { node in
            Rule(
                allowedOrigins: node.children(named: "AllowedOrigin").map(\.text),
                allowedMethods: node.children(named: "AllowedMethod").map(\.text),
                allowedHeaders: node.children(named: "AllowedHeader").map(\.text),
                exposedHeaders: node.children(named: "ExposeHeader").map(\.text),
                maxAgeSeconds: node.text(of: "MaxAgeSeconds").flatMap { Int($0) })
        }
    }

    // MARK: Evaluation

    /// What a browser asks for: in a preflight the method and headers that it announces, else the request's own method.
    package struct Question: Hashable, Sendable {
        package var origin: String
        package var method: String
        package var requestedHeaders: [String]

        package init(origin: String, method: String, requestedHeaders: [String] = []) {
            self.origin = origin
            self.method = method
            self.requestedHeaders = requestedHeaders
        }

        /// The names in `Access-Control-Request-Headers`.
        package static func headerNames(_ list: String) -> [String] {
            list.split(separator: ",").map { String($0.trimmingBlanks).lowercased() }.filter { !$0.isEmpty }
        }
    }

    /// The header fields that tell the browser that it may; `nil` if no rule allows it. The first rule that fits decides.
    package func answer(to question: Question) -> [HeaderFields.Field]? {
        for rule in self.rules {
            guard let pattern = rule.allowedOrigins.first(where: { Self.matches(question.origin, $0) }),
                rule.allowedMethods.contains(question.method),
                question.requestedHeaders.allSatisfy({ name in
                    rule.allowedHeaders.contains { Self.matches(name, $0.lowercased()) }
                })
            else { continue }
            return Self.fields(of: rule, isForAnyOrigin: pattern == "*", question: question)
        }
        return nil
    }

    private static func fields(of rule: Rule, isForAnyOrigin: Bool, question: Question) -> [HeaderFields.Field] {
        var fields = [
            HeaderFields.Field(name: "access-control-allow-origin", value: isForAnyOrigin ? "*" : question.origin),
            HeaderFields.Field(
                name: "access-control-allow-methods", value: rule.allowedMethods.joined(separator: ", ")),
        ]
        if !question.requestedHeaders.isEmpty {
            fields.append(
                .init(
                    name: "access-control-allow-headers", value: question.requestedHeaders.joined(separator: ", ")))
        }
        if !rule.exposedHeaders.isEmpty {
            fields.append(
                .init(name: "access-control-expose-headers", value: rule.exposedHeaders.joined(separator: ", ")))
        }
        if let seconds = rule.maxAgeSeconds {
            fields.append(.init(name: "access-control-max-age", value: String(seconds)))
        }
        if !isForAnyOrigin { fields.append(.init(name: "access-control-allow-credentials", value: "true")) }
        fields.append(
            .init(name: "vary", value: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"))
        return fields
    }

    /// Whether the text fits a pattern in which one `*` stands for any characters.
    private static func matches(_ text: String, _ pattern: String) -> Bool {
        let text = Array(text.utf8)
        let pattern = Array(pattern.utf8)
        guard let star = pattern.firstIndex(of: UInt8(ascii: "*")) else { return text == pattern }
        let suffix = pattern[(star + 1)...]
        return text.count >= pattern.count - 1 && text.starts(with: pattern[..<star])
            && text.suffix(suffix.count).elementsEqual(suffix)
    }
}
