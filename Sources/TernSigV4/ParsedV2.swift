package import TernCore

/// A request signed with version 2, as far as can be read without the secret (spec rules SIG-60 and SIG-61).
///
/// `aws s3 presign`, boto3 and s3cmd still presign with version 2 in the regions of RGN-7.
package struct ParsedV2: Sendable {
    /// Whether it is signed in the header or in the query.
    package let place: SigningError.Place
    package let accessKeyID: String
    /// Base64, as sent.
    package let signature: String
    /// The session token; whoever knows the access keys checks it.
    package let securityToken: String?
    package let payload: PayloadMode
    /// When a presigned URL ceases to be valid.
    package let expiry: Timestamp?
    /// When a request was signed in the header form.
    package let date: Timestamp?
    /// Query parameters that act as headers (SIG-32), names in lower case.
    package let hoistedHeaders: [HeaderFields.Field]

    /// The date line of the string to sign: the expiry, the `Date` header, or nothing if `x-amz-date` is there.
    let dateLine: String
    /// The date as sent.
    let dateText: String
    let hasConflictingParameter: Bool

    init(query: QueryParameters, of request: SignedRequest) throws(SigningError) {
        guard let accessKeyID = query.v2AccessKeyID, let expires = query.v2Expires, let signature = query.v2Signature
        else {
            throw SigningError(
                "AccessDenied", status: 403,
                message: "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
        }
        // Ten thousand years bound what can be written as a date.
        guard let seconds = Int64(expires), (0..<253_402_300_800).contains(seconds) else {
            throw SigningError(
                "AccessDenied", status: 403, message: "Invalid date (should be seconds since epoch): \(expires)")
        }
        let hoisted = HoistedHeaders(request, signedHeaders: [])
        self.place = .query
        self.accessKeyID = accessKeyID
        // Base64 knows no spaces: one was a plus sign that the client did not encode.
        self.signature = String(signature.map { $0 == " " ? "+" : $0 })
        self.securityToken = query.securityToken ?? request.headers["x-amz-security-token"]
        self.payload = try Self.payload(of: request)
        self.expiry = Timestamp(seconds: seconds)
        self.date = nil
        self.hoistedHeaders = hoisted.fields
        self.dateLine = expires
        self.dateText = expires
        self.hasConflictingParameter = hoisted.hasConflict
    }

    /// - Parameter credential: What follows `AWS `: the access key, a colon, the signature.
    init(authorization credential: String, of request: SignedRequest) throws(SigningError) {
        let parts = credential.split(byte: UInt8(ascii: ":"))
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw .invalidArgument(
                "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
                name: "Authorization", value: "AWS \(credential)")
        }
        guard let dateText = request.headers["x-amz-date"] ?? request.headers["date"],
            let date = Timestamp(httpDate: dateText) ?? Timestamp(amzDate: dateText)
        else { throw .noValidDate }
        self.place = .header
        self.accessKeyID = parts[0]
        self.signature = parts[1]
        self.securityToken = request.headers["x-amz-security-token"]
        self.payload = try Self.payload(of: request)
        self.expiry = nil
        self.date = date
        self.hoistedHeaders = []
        self.dateLine = request.headers.contains("x-amz-date") ? "" : dateText
        self.dateText = dateText
        self.hasConflictingParameter = false
    }

    /// Version 2 does not sign the body; a digest that is sent all the same is honoured. There is no key for the
    /// signatures of chunks.
    private static func payload(of request: SignedRequest) throws(SigningError) -> PayloadMode {
        guard let text = request.headers["x-amz-content-sha256"] else { return .unsigned }
        switch PayloadMode(text) {
        case .some(.streamingSigned), .none: throw .invalidContentSHA256(text)
        case .some(let payload): return payload
        }
    }
}
