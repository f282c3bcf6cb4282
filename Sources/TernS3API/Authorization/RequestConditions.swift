import TernCore
import TernObjects
import TernPorts
import TernS3Protocol

/// The condition keys that a request has values for (specification §6.1, §6.2), beside those of its principal.
///
/// A value is what the request says; defaults are not filled in.
struct RequestConditions: Sendable {
    let head: HTTPRequestHead
    /// With those that a presigned URL carries in its query.
    let headers: HeaderFields
    let target: RequestTarget
    let region: RegionName
    let authentication: RequestAuthentication
    let now: Timestamp
    /// Those that a request from inside the process brings with it.
    var given: [String: [String]] = [:]

    /// The keys of every action.
    func common() -> [String: [String]] {
        var context = self.given
        context["aws:SecureTransport"] = [self.head.isSecure ? "true" : "false"]
        context["aws:RequestedRegion"] = [self.region.description]
        if let address = self.head.clientAddress { context["aws:SourceIp"] = [address] }
        context["aws:UserAgent"] = self.headers["user-agent"].map { [$0] }
        context["aws:Referer"] = self.headers["referer"].map { [$0] }
        context["s3:authType"] = self.authentication.type.map { [$0] }
        context["s3:signatureversion"] = self.authentication.version.map { [$0] }
        if let signed = self.authentication.presignedAt {
            context["s3:signatureAge"] = ["\(max(0, self.now.milliseconds - signed.milliseconds))"]
        }
        context["s3:x-amz-content-sha256"] = self.headers["x-amz-content-sha256"].map { [$0] }
        return context
    }

    /// The keys of one action.
    func keys(of action: String) -> [String: [String]] {
        var context = self.common()
        switch action {
        case "s3:ListBucket", "s3:ListBucketVersions":
            for name in ["prefix", "delimiter", "max-keys"] {
                context["s3:\(name)"] = self.target[name].map { [$0] }
            }
        case "s3:CreateBucket":
            self.addAccessControl(to: &context)
            self.add(["x-amz-object-ownership"], to: &context)
        case "s3:PutBucketAcl", "s3:PutObjectAcl", "s3:PutObjectVersionAcl":
            self.addAccessControl(to: &context)
        case "s3:PutObject":
            self.addAccessControl(to: &context)
            self.addPutObject(to: &context)
        case "s3:DeleteObject":
            context["s3:if-match"] = self.headers["if-match"].map { [$0] }
        default:
            break
        }
        if action.contains("Version"), !action.hasPrefix("s3:ListBucket") {
            context["s3:versionid"] = self.target["versionId"].map { [$0] }
        }
        return context
    }

    private func addAccessControl(to context: inout [String: [String]]) {
        self.add(
            [
                "x-amz-acl", "x-amz-grant-read", "x-amz-grant-write", "x-amz-grant-read-acp", "x-amz-grant-write-acp",
                "x-amz-grant-full-control",
            ], to: &context)
    }

    private func addPutObject(to context: inout [String: [String]]) {
        self.add(
            [
                "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id",
                "x-amz-server-side-encryption-customer-algorithm", "x-amz-storage-class", "x-amz-metadata-directive",
                "x-amz-copy-source", "x-amz-website-redirect-location",
            ], to: &context)
        for name in ["if-match", "if-none-match"] { context["s3:\(name)"] = self.headers[name].map { [$0] } }
        // Parts create no object (specification §6.2).
        context["s3:ObjectCreationOperation"] = [self.target.has("partNumber") ? "false" : "true"]
        if let text = self.headers["x-amz-tagging"], let tags = try? TaggingHeader.decode(text) {
            context.merge(Self.requestTags(tags)) { _, new in new }
        }
        if let lock = try? ObjectLockHeaders(self.headers, now: self.now) {
            if let retention = lock.retention {
                context.merge(retention.conditions(now: self.now)) { _, new in new }
            }
            if let hold = lock.legalHold { context["s3:object-lock-legal-hold"] = [hold ? "ON" : "OFF"] }
        }
    }

    private func add(_ names: [String], to context: inout [String: [String]]) {
        for name in names { context["s3:\(name)"] = self.headers[name].map { [$0] } }
    }

    /// Of the tags that a request gives an object.
    static func requestTags(_ tags: [Tag]) -> [String: [String]] {
        var context: [String: [String]] = ["s3:RequestObjectTagKeys": tags.map(\.key)]
        for tag in tags { context["s3:RequestObjectTag/\(tag.key)"] = [tag.value] }
        return context
    }
}

/// How a request was authenticated, as `s3:authType` and `s3:signatureversion` name it.
package struct RequestAuthentication: Sendable {
    /// `REST-HEADER`, `REST-QUERY-STRING` or `POST`; `nil` for anonymous requests.
    var type: String?
    /// `AWS4-HMAC-SHA256` or `AWS`.
    var version: String?
    /// When a presigned URL was signed.
    var presignedAt: Timestamp?
}

extension HTTPRequestHead {
    /// The client's address; `nil` where it is not known. A socket for both families shows IPv4 addresses as IPv6.
    var clientAddress: String? {
        if self.remoteAddress.isEmpty { return nil }
        let mapped = "::ffff:"
        return self.remoteAddress.hasPrefix(mapped) && self.remoteAddress.utf8.contains(UInt8(ascii: "."))
            ? String(self.remoteAddress.dropFirst(mapped.count)) : self.remoteAddress
    }
}
