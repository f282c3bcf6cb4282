import TernCore

/// Headers that were moved into the query of a presigned URL (spec rules SIG-32 and SIG-33).
struct HoistedHeaders {
    /// The parameters that act as headers, names in lower case, in order; none that was sent as a header too.
    private(set) var fields: [HeaderFields.Field] = []
    /// Whether a parameter has another value than the header of the same name.
    private(set) var hasConflict = false

    /// - Parameter signedHeaders: In lower case. A checksum in the query acts as a header only if it is signed as one:
    ///   the presigner could not know the body's.
    init(_ request: SignedRequest, signedHeaders: [String]) {
        for item in request.target.query where isAmzName(item.name) {
            let name = item.name.lowercased()
            let value = item.value ?? ""
            if let header = request.headers[name] {
                if header != value { self.hasConflict = true }
                continue
            }
            if Self.authenticationNames.contains(name) { continue }
            let isChecksum = name.hasPrefix("x-amz-checksum-") || name == "x-amz-sdk-checksum-algorithm"
            if isChecksum, !signedHeaders.contains(name) { continue }
            self.fields.append(HeaderFields.Field(name: name, value: value))
        }
    }

    private static let authenticationNames: Set<String> = [
        "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders", "x-amz-signature",
        "x-amz-security-token", "x-amz-content-sha256", "x-amz-region-set",
    ]
}
