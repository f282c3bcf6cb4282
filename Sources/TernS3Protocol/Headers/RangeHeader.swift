/// The `Range` header of GET and HEAD, applied to an object's size (spec rules RNG-1 to RNG-3).
package enum RangeHeader: Hashable, Sendable {
    /// No range, or one that S3 ignores: 200 with the whole object.
    case full
    /// 206 with these bytes; the end is the last byte, inside the object.
    case range(ClosedRange<Int64>)
    /// 416.
    case unsatisfiable

    /// - Parameters:
    ///   - value: The header's value; `nil` if there is none.
    ///   - byteCount: The object's size.
    package init(_ value: String?, byteCount: Int64) {
        guard let value, value.hasPrefix("bytes=") else {
            self = .full
            return
        }
        let bounds = value.dropFirst("bytes=".count).split(
            separator: "-",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard bounds.count == 2, let first = Bound(bounds[0]), let last = Bound(bounds[1]) else {
            self = .full
            return
        }
        switch (first, last) {
        case (.absent, .absent):
            self = .full
        case (.absent, .offset(let suffix)):
            self = suffix == 0 || byteCount == 0 ? .unsatisfiable : .range(max(0, byteCount - suffix)...byteCount - 1)
        case (.offset(let first), .absent):
            self = first >= byteCount ? .unsatisfiable : .range(first...byteCount - 1)
        case (.offset(let first), .offset(let last)):
            if first > last {
                self = .full
            } else {
                self = first >= byteCount ? .unsatisfiable : .range(first...min(last, byteCount - 1))
            }
        }
    }

    /// `Content-Range` of a 206.
    package static func contentRange(_ range: ClosedRange<Int64>, byteCount: Int64) -> String {
        "bytes \(range.lowerBound)-\(range.upperBound)/\(byteCount)"
    }
}

/// One side of a range: nothing, or digits. What exceeds 63 bits is as good as the largest number.
private enum Bound {
    case absent
    case offset(Int64)

    init?(_ text: Substring) {
        if text.isEmpty {
            self = .absent
            return
        }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        self = .offset(Int64(text) ?? .max)
    }
}
