/// The `partNumber` parameter (spec rule MPU-3).
package enum PartNumber {
    /// - Throws: `InvalidArgument` for what is no integer from 1 to 10,000.
    package static func parse(_ value: String) throws(S3Error) -> Int {
        guard let number = Int(value), (1...S3Limits.partCount).contains(number) else {
            throw .partNumberOutOfRange(value)
        }
        return number
    }
}
