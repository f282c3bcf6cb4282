import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, CopyObject; spec §6.4.
    static let copyObject = Operation(
        "CopyObject", Route("PUT", .object, header: "x-amz-copy-source"), action: "s3:PutObject"
    ) { call throws(S3Error) in
        let condition = try WriteCondition(call.headers)
        let replacesMetadata = try directive(call, "x-amz-metadata-directive", S3Error.unknownMetadataDirective)
        let replacesTags = try directive(call, "x-amz-tagging-directive", S3Error.unknownTaggingDirective)
        if call.headers.contains("if-match") {
            // Whoever asks for an ETag learns it (specification §6.5).
            try await call.authorize("s3:GetObject", bucket: try call.bucket(), key: try call.key())
        }
        let source = try await call.copySource(tags: !replacesTags)
        let record = source.version.record
        if record.byteCount > CopySource.maximumByteCount { throw .copySourceTooLarge }
        let key = try call.key()

        var attributes = ObjectAttributes()
        let given = try await call.objectAttributes()
        attributes.storageClass = given.storageClass
        attributes.encryption = given.encryption
        // None of these is ever copied (CPY-5, ACL-11).
        attributes.retention = given.retention
        attributes.legalHold = given.legalHold
        attributes.owner = given.owner
        attributes.accessControlList = given.accessControlList
        attributes.tags = replacesTags ? given.tags : record.tagSet
        if replacesMetadata {
            attributes.systemMetadata = given.systemMetadata
            attributes.userMetadata = given.userMetadata
        } else {
            // The redirect location is never copied: it comes from the request (CPY-5).
            attributes.systemMetadata = record.systemMetadata.filter { $0.name != redirectHeader }
            attributes.systemMetadata += given.systemMetadata.filter { $0.name == redirectHeader }
            attributes.userMetadata = record.userMetadata
        }
        // An encryption default that was set by hand counts as a change (CPY-4).
        let encryptsByDefault = try call.bucket().features.encryption != nil
        let changesSomething =
            replacesMetadata || call.headers.contains("x-amz-storage-class") || call.headers.contains(redirectHeader)
            || !source.version.isLatest || given.encryption.isExplicit || encryptsByDefault
        if source.bucket.name == call.bucketName, source.version.key == key, !changesSomething { throw .copyOntoItself }

        let algorithm = try algorithm(call, source: record)
        let written: WrittenVersion
        if let body = source.remoteBody {
            written = try await call.service.copyObject(
                receiving: body, of: record, to: key, in: call.bucketName, attributes: attributes,
                algorithm: algorithm, condition: condition,
                cause: EventCause(.copyObject, by: call.trace))
        } else {
            written = try await call.service.copyObject(
                from: source.version, in: source.bucket, to: key, in: call.bucketName, attributes: attributes,
                access: try call.copySourceAccess(), algorithm: algorithm, condition: condition,
                cause: EventCause(.copyObject, by: call.trace))
        }

        var xml = XMLWriter()
        xml.openRoot("CopyObjectResult")
        xml.element("LastModified", written.record.lastModified)
        xml.element("ETag", quoting: written.record.etag)
        xml.checksum(written.record.checksum.checksum)
        xml.close("CopyObjectResult")
        var headers = HeaderFields()
        if !written.record.isNull { headers.appendVersion(of: written.record, in: written.bucket) }
        if source.bucket.versioning != .never {
            headers.append("x-amz-copy-source-version-id", record.reference.wireForm)
        }
        headers.appendEncryption(
            of: written.record, for: call, customerKey: attributes.encryption.customerKey)
        headers.appendExpiration(call.service.expiration(of: written.record, key: key, in: written.bucket))
        return .xml(xml.finish(), headers: headers)
    }

    private static let redirectHeader = "x-amz-website-redirect-location"

    /// Whether the directive is `REPLACE`.
    private static func directive(
        _ call: S3Call, _ name: String, _ unknown: (String) -> S3Error
    ) throws(S3Error) -> Bool {
        switch call.headers[name] {
        case nil, "COPY": return false
        case "REPLACE": return true
        case .some(let value): throw unknown(value)
        }
    }

    /// CPY-7: the request's algorithm, else the source's.
    private static func algorithm(_ call: S3Call, source: VersionRecord) throws(S3Error) -> ChecksumAlgorithm {
        if let name = call.headers["x-amz-checksum-algorithm"] {
            guard let algorithm = ChecksumAlgorithm(rawValue: name.uppercased()) else {
                throw .unsupportedChecksumAlgorithm
            }
            return algorithm
        }
        return source.checksum.checksum?.algorithm ?? .crc64nvme
    }
}
