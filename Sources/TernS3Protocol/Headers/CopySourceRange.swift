/// The `x-amz-copy-source-range` header of UploadPartCopy, which is strict where `Range` is lenient (spec rules UPC-1,
/// UPC-2).
package enum CopySourceRange {
    /// The bytes to copy.
    ///
    /// - Parameter byteCount: The source's size.
    /// - Throws: `InvalidArgument` or `InvalidRequest`.
    package static func parse(_ value: String, byteCount: Int64) throws(S3Error) -> ClosedRange<Int64> {
        guard value.hasPrefix("bytes=") else { throw .copySourceRangeForm(value) }
        let bounds = value.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, let first = self.number(bounds[0]), let last = self.number(bounds[1]), first <= last
        else {
            throw .copySourceRangeForm(value)
        }
        if first >= byteCount { throw .copySourceRangeInvalid }
        if last >= byteCount { throw .copySourceRangeBeyondEnd(value, byteCount: byteCount) }
        return first...last
    }

    /// The bytes to ask for before the source's size is known; none where the text is no range, which ``parse`` refuses
    /// as soon as it is.
    package static func anticipated(_ value: String) -> Range<Int64> {
        guard let range = try? self.parse(value, byteCount: .max) else { return 0..<0 }
        return Range(range)
    }

    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(text) ?? .max
    }
}
