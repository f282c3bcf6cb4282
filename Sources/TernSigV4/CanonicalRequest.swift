import TernChecksums
import TernCore

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
    static func stringToSign(
        _ canonicalRequest: [UInt8], amzDate: String, scope: String, isAsymmetric: Bool = false
    ) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(192)
        text.append(text: isAsymmetric ? "AWS4-ECDSA-P256-SHA256\n" : "AWS4-HMAC-SHA256\n")
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
        } else if rawPath.allBytesSatisfy({ isPlainInPath[Int($0)] }) {
            text.append(text: rawPath)
        } else {
            guard let path = PercentEncoding.decode(rawPath.utf8) else { throw .invalidURI(rawPath) }
            PercentEncoding.appendEncoded(path, keepingSlash: true, to: &text)
        }
    }

    /// SIG-4: sorted by encoded name, then by encoded value.
    private static func appendQuery(
        _ items: [RequestTarget.QueryItem],
        place: SigningError.Place,
        to text: inout [UInt8]
    ) {
        if items.isEmpty { return }
        // All parameters are encoded into one buffer, and their places in it sorted.
        var encoded: [UInt8] = []
        encoded.reserveCapacity(items.count * 48)
        var places: [(name: Range<Int>, value: Range<Int>)] = []
        places.reserveCapacity(items.count)
        for item in items {
            if place == .query, isEqualIgnoringCase(item.name, "x-amz-signature") { continue }
            let start = encoded.count
            PercentEncoding.appendEncoded(item.name, keepingSlash: false, to: &encoded)
            let middle = encoded.count
            if let value = item.value { PercentEncoding.appendEncoded(value, keepingSlash: false, to: &encoded) }
            places.append((start..<middle, middle..<encoded.count))
        }
        encoded.withUnsafeBufferPointer { bytes in
            places.sort { left, right in
                let order = compare(bytes[left.name], bytes[right.name])
                return order == 0 ? compare(bytes[left.value], bytes[right.value]) < 0 : order < 0
            }
            for (index, place) in places.enumerated() {
                if index > 0 { text.append(UInt8(ascii: "&")) }
                text.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[place.name]))
                text.append(UInt8(ascii: "="))
                text.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[place.value]))
            }
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
        for byte in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8 {
            table[Int(byte)] = true
        }
        return table
    }()
}

/// Less than, equal to or greater than zero as `left` comes before, with or behind `right`.
private func compare(_ left: Slice<UnsafeBufferPointer<UInt8>>, _ right: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
    let (left, right) = (UnsafeBufferPointer(rebasing: left), UnsafeBufferPointer(rebasing: right))
    for index in 0..<min(left.count, right.count) where left[index] != right[index] {
        return Int(left[index]) - Int(right[index])
    }
    return left.count - right.count
}

private let newline = UInt8(ascii: "\n")
