import TernCore
import TernS3Protocol

/// S3PutObjectCopy: CopyObject to one bucket, in place too, which makes a new version that live replication takes up
/// (spec rule BR-RR-6).
struct CopyOperation: ObjectOperation {
    private let copy: JobCopy
    private let headers: HeaderFields

    init(_ copy: JobCopy) {
        self.copy = copy
        var headers = HeaderFields()
        headers.set("x-amz-metadata-directive", copy.replacesMetadata ? "REPLACE" : "COPY")
        for field in copy.metadata { headers.append(field.name, field.value) }
        if let tags = copy.tags {
            headers.set("x-amz-tagging-directive", "REPLACE")
            let text = tags.map { tag in
                PercentEncoding.encode(Array(tag.key.utf8), keepingSlash: false) + "="
                    + PercentEncoding.encode(Array(tag.value.utf8), keepingSlash: false)
            }
            if !text.isEmpty { headers.set("x-amz-tagging", text.joined(separator: "&")) }
        }
        if let acl = copy.cannedACL { headers.set("x-amz-acl", acl) }
        for (name, value) in Self.grants(copy.grants) { headers.set(name, value) }
        if let storageClass = copy.storageClass { headers.set("x-amz-storage-class", storageClass.rawValue) }
        if let encryption = copy.encryption { headers.set("x-amz-server-side-encryption", encryption) }
        if let key = copy.kmsKeyID { headers.set("x-amz-server-side-encryption-aws-kms-key-id", key) }
        if let bucketKey = copy.bucketKey {
            headers.set("x-amz-server-side-encryption-bucket-key-enabled", bucketKey ? "true" : "false")
        }
        if let algorithm = copy.checksumAlgorithm { headers.set("x-amz-checksum-algorithm", algorithm) }
        if let location = copy.redirectLocation { headers.set("x-amz-website-redirect-location", location) }
        if copy.requesterPays { headers.set("x-amz-request-payer", "requester") }
        if let time = copy.modifiedSince { headers.set("x-amz-copy-source-if-modified-since", time.httpDate) }
        if let time = copy.unmodifiedSince { headers.set("x-amz-copy-source-if-unmodified-since", time.httpDate) }
        if let retention = copy.retention {
            headers.set("x-amz-object-lock-mode", retention.mode.rawValue)
            headers.set("x-amz-object-lock-retain-until-date", retention.until.iso8601)
        }
        if let hold = copy.legalHold { headers.set("x-amz-object-lock-legal-hold", hold) }
        self.headers = headers
    }

    func perform(on target: ObjectTarget, with client: RoleClient) async throws(RoleRequestFailure) -> String {
        var bytes = target.key.bytes
        if let prefix = self.copy.targetPrefix { bytes = Array("\(prefix)/".utf8) + bytes }
        let key: ObjectKey
        do throws(ObjectKey.Problem) {
            key = try ObjectKey(bytes)
        } catch {
            throw RoleRequestFailure(status: 400, code: "KeyTooLongError", message: "Your key is too long")
        }
        var request = RoleClient.Request("PUT", bucket: self.copy.targetBucket.description, key: key)
        request.headers = self.headers
        var source = "/\(target.bucket)/" + PercentEncoding.encode(target.key.bytes, keepingSlash: true)
        if let version = target.versionID {
            source += "?versionId=" + PercentEncoding.encode(Array(version.utf8), keepingSlash: false)
        }
        request.headers.set("x-amz-copy-source", source)
        // Without anything new a copy onto itself is refused to clients; a job makes a new version of it.
        if target.bucket == self.copy.targetBucket.description, key == target.key, self.changesNothing {
            try await self.keepClass(of: target, client, &request)
        }
        let (_, document) = try await client.document(request)
        // An error may come after the head of the answer has gone.
        if let node = try? XMLParser.parse(document), node.name == "Error" {
            throw RoleRequestFailure(
                status: 500, code: node.text(of: "Code") ?? "InternalError", message: node.text(of: "Message") ?? "")
        }
        return ObjectOperations.successful
    }

    private var changesNothing: Bool {
        !self.copy.replacesMetadata && self.copy.storageClass == nil && self.copy.encryption == nil
            && self.copy.redirectLocation == nil && self.copy.tags == nil
    }

    /// Names the object's own storage class, which CopyObject takes for a change.
    private func keepClass(
        of target: ObjectTarget, _ client: RoleClient, _ request: inout RoleClient.Request
    ) async throws(RoleRequestFailure) {
        let head = try await client.send(target.request("HEAD"))
        request.headers.set("x-amz-storage-class", head.headers["x-amz-storage-class"] ?? "STANDARD")
    }

    /// `x-amz-grant-read: id="…", uri="…"`
    private static func grants(_ grants: [JobGrant]) -> [(String, String)] {
        let names: [(AccessPermission, String)] = [
            (.fullControl, "x-amz-grant-full-control"), (.read, "x-amz-grant-read"), (.write, "x-amz-grant-write"),
            (.readACP, "x-amz-grant-read-acp"), (.writeACP, "x-amz-grant-write-acp"),
        ]
        return names.compactMap { permission, name in
            let members = grants.filter { $0.permission == permission }
            if members.isEmpty { return nil }
            return (name, members.map { "\($0.kind.rawValue)=\"\($0.identifier)\"" }.joined(separator: ", "))
        }
    }
}
