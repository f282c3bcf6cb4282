import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension S3Call {
    /// What the request's headers say about the object that it creates.
    func objectAttributes() throws(S3Error) -> ObjectAttributes {
        try self.refuseUnsupportedObjectHeaders()
        var attributes = ObjectAttributes()
        attributes.systemMetadata = try SystemMetadata.collect(self.headers).map {
            HeaderPair(name: $0.name, value: $0.value)
        }
        attributes.userMetadata = try UserMetadata.collect(self.headers).map {
            HeaderPair(name: $0.name, value: $0.value)
        }
        attributes.storageClass = try self.storageClass() ?? .standard
        if let tagging = self.headers["x-amz-tagging"] { attributes.tags = try TaggingHeader.decode(tagging) }
        return attributes
    }

    func storageClass() throws(S3Error) -> StorageClass? {
        guard let name = self.headers["x-amz-storage-class"] else { return nil }
        guard let storageClass = StorageClass(rawValue: name) else { throw .invalidStorageClass(name) }
        return storageClass
    }

    /// What Tern cannot do with an object is refused, never dropped.
    func refuseUnsupportedObjectHeaders() throws(S3Error) {
        for field in self.headers.fields where field.name.hasPrefix("x-amz-") {
            switch field.name {
            case "x-amz-acl":
                // In a bucket whose owner owns all objects, ACLs are off; these two say nothing else.
                guard field.value == "private" || field.value == "bucket-owner-full-control" else {
                    throw .aclNotSupported
                }
            case _ where field.name.hasPrefix("x-amz-grant-"):
                throw .aclNotSupported
            case _ where field.name.hasPrefix("x-amz-object-lock-"):
                throw .bucketWithoutObjectLock
            case _ where field.name.hasPrefix("x-amz-server-side-encryption"),
                _ where field.name.hasPrefix("x-amz-copy-source-server-side-encryption"):
                throw .notImplemented(header: field.name)
            default:
                break
            }
        }
    }

    /// Throws unless the principal may do `action` to the object.
    func authorize(_ action: String, bucket: BucketState, key: ObjectKey?) async throws(S3Error) {
        let resource = "arn:aws:s3:::\(bucket.name)" + (key.map { "/\($0)" } ?? "")
        let request = AuthorizationRequest(
            principal: self.principal, action: action, resource: resource, resourceOwner: bucket.owner)
        if case .denied(let message) = await self.authorizer.authorize(request) { throw .accessDenied(message) }
    }
}

extension S3Error {
    /// Object Ownership of every bucket is BucketOwnerEnforced.
    static let aclNotSupported = S3Error(
        code: "AccessControlListNotSupported", status: 400, message: "The bucket does not allow ACLs")
    /// LCK-6
    static let bucketWithoutObjectLock = Self.invalidRequest("Bucket is missing Object Lock Configuration")
}
