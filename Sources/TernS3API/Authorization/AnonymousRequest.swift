import TernCore
import TernS3Protocol
import TernSigV4

/// What requests without a signature may not ask for, whatever the bucket allows (spec rule SIG-62).
enum AnonymousRequest {
    /// How the body comes: nothing of it can be signed.
    ///
    /// - Throws: `InvalidRequest` for an `x-amz-content-sha256` that promises a signature or a hash.
    static func payload(_ headers: HeaderFields) throws(S3Error) -> PayloadMode {
        guard let text = headers["x-amz-content-sha256"] else { return .unsigned }
        switch PayloadMode(text) {
        case .unsigned: return .unsigned
        case .streamingUnsignedTrailer: return .streamingUnsignedTrailer
        case .sha256, .streamingSigned, nil: throw .contentSHA256OfAnonymous
        }
    }

    /// - Throws: `AccessDenied` for copies, new multipart uploads and the configuration of buckets; `InvalidRequest` for
    ///   `response-*` parameters.
    static func check(_ operation: Operation, target: RequestTarget) throws(S3Error) {
        if operation.route.header == "x-amz-copy-source" { throw .anonymousMayNot("copy objects") }
        if operation.name == "CreateMultipartUpload" { throw .anonymousMayNot("initiate multipart uploads") }
        if self.isConfiguration(operation.route) { throw .anonymousMayNot("invoke this API") }
        if operation.name == "GetObject" || operation.name == "HeadObject" {
            _ = try ResponseOverrides.parse(target, isAnonymous: true)
        }
    }

    /// Sub-resources of a bucket that a policy or an ACL can open to everyone.
    private static let openable: Set<String> = ["versions", "uploads", "list-type=2", "delete", "location", "acl"]

    private static func isConfiguration(_ route: Route) -> Bool {
        guard route.resource == .bucket, let subresource = route.query.first else { return false }
        return !self.openable.contains(subresource)
    }
}
