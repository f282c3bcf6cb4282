import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension S3Call {
    /// What the request's headers say about the object that it creates.
    func objectAttributes() async throws(S3Error) -> ObjectAttributes {
        let special = try self.specialHeaders()
        var attributes = ObjectAttributes()
        attributes.systemMetadata = try SystemMetadata.collect(self.headers).map {
            HeaderPair(name: $0.name, value: $0.value)
        }
        attributes.userMetadata = try UserMetadata.collect(self.headers).map {
            HeaderPair(name: $0.name, value: $0.value)
        }
        attributes.storageClass = try self.storageClass() ?? .standard
        if let tagging = self.headers["x-amz-tagging"] {
            attributes.tags = try TaggingHeader.decode(tagging)
            if !attributes.tags.isEmpty {
                try await self.authorize(
                    "s3:PutObjectTagging", bucket: try self.bucket(), key: try self.key(),
                    context: RequestConditions.requestTags(attributes.tags))
            }
        }
        attributes.encryption =
            special.hasEncryption
            ? try self.encryptionRequest() : EncryptionRequest(.bucketDefault, by: self.keyCaller)
        if special.hasObjectLock { try await self.addObjectLock(to: &attributes) }
        try await self.addOwnership(to: &attributes, hasACL: special.hasACL)
        return attributes
    }

    func storageClass() throws(S3Error) -> StorageClass? {
        guard let name = self.headers["x-amz-storage-class"] else { return nil }
        guard let storageClass = StorageClass(rawValue: name) else { throw .invalidStorageClass(name) }
        return storageClass
    }

    /// Headers that few requests have, found in one pass.
    struct SpecialHeaders {
        var hasObjectLock = false
        var hasACL = false
        var hasEncryption = false
    }

    private func specialHeaders() throws(S3Error) -> SpecialHeaders {
        var found = SpecialHeaders()
        for field in self.headers.fields where field.name.hasPrefix("x-amz-") {
            switch field.name {
            case "x-amz-acl":
                found.hasACL = true
            case _ where field.name.hasPrefix("x-amz-grant-"):
                found.hasACL = true
            case _ where field.name.hasPrefix("x-amz-object-lock-"):
                found.hasObjectLock = true
            case _ where field.name.hasPrefix(EncryptionHeader.method):
                found.hasEncryption = true
            case _ where field.name.hasPrefix(EncryptionHeader.copySource):
                guard self.headers.contains("x-amz-copy-source") else { throw .copySourceOnOtherRequest }
            default:
                break
            }
        }
        return found
    }
}
