import TernCore
import TernChecksums

/// Builds the texts of signature version 4 (spec rules SIG-2 to SIG-5 and SIG-8).
enum CanonicalRequest {
    /// The canonical request.
    ///
    /// - Parameters:
    ///   - request: What was sent, or is to be.
    ///   - signedHeaders: Names in lower case, sorted.
    ///   - payload: The literal of the payload hash line.
    ///   - place: In the query form `X-Amz-Signature` is left out, and a signed header that was moved into the query is
    ///     taken from there (SIG-32).
    static func make(
        _ request: SignedRequest,
        signedHeaders: [String],
        payload: String,
        place: SigningError.Place
    ) throws(SigningError) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(1024)
        text.append(text: request.method)
        text.append(newline)
        try self.appendPath(request.target.rawPath, to: &text)
        text.append(newline)
        self.appendQuery(request.target.query, place: place, to: &text)
        text.append(newline)
        for name in signedHeaders {
            text.append(text: name)
            text.append(UInt8(ascii: ":"))
            self.appendHeaderValue(name, of: request, place: place, to: &text)
            text.append(newline)
        }
        text.append(newline)
        for (index, name) in signedHeaders.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ";")) }
            text.append(text: name)
        }
        text.append(newline)
        text.append(text: payload)
        return text
    }

    /// The string to sign for a canonical request.
    static func stringToSign(_ canonicalRequest: [UInt8], amzDate: String, scope: String) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(192)
        text.append(text: "AWS4-HMAC-SHA256\n")
        text.append(text: amzDate)
        text.append(newline)
        text.append(text: scope)
        text.append(newline)
        text.append(contentsOf: SHA256Hasher.hash(canonicalRequest).lowercaseHexBytes)
        return text
    }

    /// SIG-3: every octet of the decoded path encoded once, nothing normalised.
    private static func appendPath(_ rawPath: String, to text: inout [UInt8]) throws(SigningError) {
        if rawPath.isEmpty {
            text.append(UInt8(ascii: "/"))
        } else if rawPath.utf8.allSatisfy({ isPlainInPath[Int($0)] }) {
            text.append(text: rawPath)
        } else {
            guard let path = PercentEncoding.decode(rawPath.utf8) else { throw .invalidURI(rawPath) }
            PercentEncoding.appendEncoded(path, keepingSlash: true, to: &text)
        }
    }

    /// SIG-4: sorted by encoded name, then by encoded value.
    private static func appendQuery(_ items: [RequestTarget.QueryItem], place: SigningError.Place, to text: inout [UInt8]) {
        if items.isEmpty { return }
        var pairs: [(name: [UInt8], value: [UInt8])] = []
        pairs.reserveCapacity(items.count)
        for item in items {
            if place == .query, isEqualIgnoringCase(item.name, "x-amz-signature") { continue }
            var name: [UInt8] = []
            PercentEncoding.appendEncoded(item.name.utf8, keepingSlash: false, to: &name)
            var value: [UInt8] = []
            if let given = item.value { PercentEncoding.appendEncoded(given.utf8, keepingSlash: false, to: &value) }
            pairs.append((name, value))
        }
        pairs.sort { left, right in
            left.name == right.name
                ? left.value.lexicographicallyPrecedes(right.value) : left.name.lexicographicallyPrecedes(right.name)
        }
        for (index, pair) in pairs.enumerated() {
            if index > 0 { text.append(UInt8(ascii: "&")) }
            text.append(contentsOf: pair.name)
            text.append(UInt8(ascii: "="))
            text.append(contentsOf: pair.value)
        }
    }

    /// SIG-5: repeated headers joined by commas; a header that is absent counts as empty.
    private static func appendHeaderValue(
        _ name: String,
        of request: SignedRequest,
        place: SigningError.Place,
        to text: inout [UInt8]
    ) {
        var isFound = false
        for field in request.headers.fields where field.name == name {
            if isFound { text.append(UInt8(ascii: ",")) }
            text.append(folding: field.value)
            isFound = true
        }
        if isFound || place == .header { return }
        for item in request.target.query where isEqualIgnoringCase(item.name, name) {
            text.append(folding: item.value ?? "")
            return
        }
    }

    /// The bytes that stand for themselves in a canonical path.
    private static let isPlainInPath: [Bool] = {
        var table = [Bool](repeating: false, count: 256)
        for byte in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8 { table[Int(byte)] = true }
        return table
    }()
}

private let newline = UInt8(ascii: "\n")

extension [UInt8] {
    /// Appends the text's UTF-8 in one copy.
    mutating func append(text: some StringProtocol) {
        let isCopied: Void? = text.utf8.withContiguousStorageIfAvailable { self.append(contentsOf: $0) }
        if isCopied == nil { self.append(contentsOf: text.utf8) }
    }

    /// Appends a header's value without blanks around it, and with one space for each run of blanks inside.
    mutating func append(folding value: String) {
        var wasBlank = false
        let start = self.count
        for byte in value.utf8 {
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                wasBlank = true
            } else {
                if wasBlank, self.count > start { self.append(UInt8(ascii: " ")) }
                wasBlank = false
                self.append(byte)
            }
        }
    }
}

/// Whether two names are equal, ASCII letters compared without regard to case.
func isEqualIgnoringCase(_ left: some StringProtocol, _ right: some StringProtocol) -> Bool {
    left.utf8.count == right.utf8.count && zip(left.utf8, right.utf8).allSatisfy { lowercased($0) == lowercased($1) }
}

private func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
