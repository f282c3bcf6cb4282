import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, CreateMultipartUpload; spec §6.1, CHK-10, CHK-11.
    static let createMultipartUpload = Operation(
        "CreateMultipartUpload", Route("POST", .object, query: "uploads"), action: "s3:PutObject"
    ) { call throws(S3Error) in
        let attributes = try await call.objectAttributes()
        let (algorithm, type) = try checksum(call)
        let key = try call.key()
        let upload = try await call.service.createUpload(
            key, in: call.bucketName, attributes: attributes, initiator: try call.account().id,
            algorithm: algorithm, type: type)
        var xml = XMLWriter()
        xml.openRoot("InitiateMultipartUploadResult")
        xml.element("Bucket", call.bucketName)
        xml.element("Key", bytes: key.bytes)
        xml.element("UploadId", upload.id.wireForm)
        xml.close("InitiateMultipartUploadResult")
        var headers = HeaderFields()
        headers.appendEncryption(
            of: upload.record.template, for: call, customerKey: attributes.encryption.customerKey)
        if let algorithm {
            headers.append("x-amz-checksum-algorithm", algorithm.rawValue)
            headers.append("x-amz-checksum-type", type.rawValue)
        }
        // An upload's ID is stamped when it is initiated.
        headers.appendAbortion(
            call.service.abortion(
                ofUploadTo: key, initiated: Timestamp(milliseconds: upload.id.stamp.milliseconds), in: try call.bucket()
            ))
        return .xml(xml.finish(), headers: headers)
    }

    private static func checksum(_ call: S3Call) throws(S3Error) -> (ChecksumAlgorithm?, ChecksumType) {
        let typeText = call.headers["x-amz-checksum-type"]
        guard let name = call.headers["x-amz-checksum-algorithm"] else {
            if typeText != nil { throw .checksumTypeWithoutAlgorithm }
            return (nil, .fullObject)
        }
        guard let algorithm = ChecksumAlgorithm(rawValue: name.uppercased()) else {
            throw .unsupportedChecksumAlgorithm
        }
        guard let typeText else { return (algorithm, algorithm == .crc64nvme ? .fullObject : .composite) }
        guard let type = ChecksumType(rawValue: typeText.uppercased()) else {
            throw .invalidRequest("Value for x-amz-checksum-type header is invalid.")
        }
        if type == .fullObject, !algorithm.isCombinable { throw .checksumTypeNotForAlgorithm(type, algorithm) }
        if type == .composite, algorithm == .crc64nvme { throw .checksumTypeNotForAlgorithm(type, algorithm) }
        return (algorithm, type)
    }

    /// Source: Amazon S3 API Reference, AbortMultipartUpload; spec rule MPU-18.
    static let abortMultipartUpload = Operation(
        "AbortMultipartUpload", Route("DELETE", .object, query: "uploadId"), action: "s3:AbortMultipartUpload"
    ) { call throws(S3Error) in
        if call.headers.contains("x-amz-if-match-initiated-time") {
            throw .notImplemented(header: "x-amz-if-match-initiated-time")
        }
        let bucket = try call.bucket()
        let upload = try await call.service.upload(call.target["uploadId"] ?? "", of: try call.key(), in: bucket)
        try await call.service.abortUpload(upload, in: bucket)
        return .noContent
    }

    /// Source: Amazon S3 API Reference, CompleteMultipartUpload; spec §6.3.
    static let completeMultipartUpload = Operation(
        "CompleteMultipartUpload", Route("POST", .object, query: "uploadId"), action: "s3:PutObject"
    ) { call throws(S3Error) in
        let uploadID = call.target["uploadId"] ?? ""
        let condition = try WriteCondition(call.headers)
        let key = try call.key()
        let bucket = try call.bucket()
        if call.headers.contains("if-match") {
            // Whoever asks for an ETag learns it (specification §6.5).
            try await call.authorize("s3:GetObject", bucket: bucket, key: key)
        }
        // Checksums in the header are the object's here, not the document's.
        let body = try await call.payload.document(maximumBytes: 4 << 20, verifiesChecksums: false)
        let document = try CompleteMultipartUploadXML(decoding: body, uploadID: uploadID)
        var request = CompletionRequest(
            parts: document.parts, condition: condition, access: try call.partKeyAccess())
        if let text = call.headers["x-amz-mp-object-size"] {
            guard let size = Int64(text) else {
                throw .invalidRequest("Value for x-amz-mp-object-size header is invalid.")
            }
            request.objectSize = size
        }
        for algorithm in ChecksumAlgorithm.allCases {
            if let value = call.headers[algorithm.headerName] { request.checksum = (algorithm, value) }
        }
        request.checksumType = call.headers["x-amz-checksum-type"].flatMap { ChecksumType(rawValue: $0.uppercased()) }
        let completed = try await call.service.completeUpload(
            uploadID, of: key, in: call.bucketName, request: request,
            cause: EventCause(.completeMultipartUpload, by: call.trace))

        var xml = XMLWriter()
        xml.openRoot("CompleteMultipartUploadResult")
        xml.element("Location", call.location(of: key))
        xml.element("Bucket", call.bucketName)
        xml.element("Key", bytes: key.bytes)
        xml.element("ETag", quoting: completed.etag)
        xml.checksum(completed.checksum)
        xml.close("CompleteMultipartUploadResult")
        var headers = HeaderFields()
        if bucket.versioning != .never, completed.version != .null {
            headers.append("x-amz-version-id", completed.version.wireForm)
        }
        // A customer's key is not told of here: the request need not have it.
        if let encryption = completed.encryption, encryption.kind != .sseC {
            headers.appendEncryption(encryption, customerKey: nil)
        }
        headers.appendExpiration(completed.expiration)
        return .xml(xml.finish(), headers: headers)
    }

    /// Source: Amazon S3 API Reference, ListMultipartUploads; spec rule LST-8.
    static let listMultipartUploads = Operation(
        "ListMultipartUploads", Route("GET", .bucket, query: "uploads"), action: "s3:ListBucketMultipartUploads"
    ) { call throws(S3Error) in
        let parameters = try ListMultipartUploadsParameters(call.target)
        let common = parameters.common
        let query = ListQuery(common)
        let bucket = try call.bucket()
        let start = try await start(parameters, query: query, call: call)
        let page = try await call.service.listUploads(query, from: start, in: bucket)

        var xml = XMLWriter(capacity: 512 + page.entries.count * 500)
        xml.openRoot("ListMultipartUploadsResult")
        xml.element("Bucket", bucket.name)
        common.write("KeyMarker", parameters.keyMarker, to: &xml)
        xml.element("UploadIdMarker", parameters.uploadIDMarker)
        if case .item(let last)? = page.entries.last {
            common.write("NextKeyMarker", Array(last.key), to: &xml)
            xml.element("NextUploadIdMarker", last.id.versionID.wireForm)
        } else {
            if case .commonPrefix(let prefix)? = page.entries.last {
                common.write("NextKeyMarker", prefix, to: &xml)
            } else {
                xml.empty("NextKeyMarker")
            }
            xml.empty("NextUploadIdMarker")
        }
        if !common.delimiter.isEmpty { common.write("Delimiter", common.delimiter, to: &xml) }
        common.write("Prefix", common.prefix, to: &xml)
        if common.isURLEncoded { xml.element("EncodingType", "url") }
        xml.element("MaxUploads", common.maximum)
        xml.element("IsTruncated", page.isTruncated)
        for entry in page.entries {
            guard case .item(let upload) = entry else { continue }
            let owner = await call.ownerID(of: upload.template, in: bucket)
            await write(upload, owner: owner, common: common, call: call, to: &xml)
        }
        xml.commonPrefixes(of: page, common: common)
        xml.close("ListMultipartUploadsResult")
        return .xml(xml.finish())
    }

    private static func start(
        _ parameters: ListMultipartUploadsParameters, query: ListQuery, call: S3Call
    ) async throws(S3Error) -> UploadListStart {
        if parameters.keyMarker.isEmpty { return .beginning }
        guard !parameters.uploadIDMarker.isEmpty else {
            if parameters.keyMarker.starts(with: query.prefix),
                let prefix = query.commonPrefix(of: parameters.keyMarker)
            {
                return .afterPrefix(prefix)
            }
            return .afterKey(parameters.keyMarker)
        }
        guard let id = VersionID(wireForm: parameters.uploadIDMarker), let key = try? ObjectKey(parameters.keyMarker)
        else {
            throw .invalidUploadIDMarker(parameters.uploadIDMarker)
        }
        return .afterUpload(key: key, id)
    }

    private static func write(
        _ upload: UploadRecord, owner: String, common: ListParameters, call: S3Call, to xml: inout XMLWriter
    ) async {
        xml.open("Upload")
        xml.element("UploadId", upload.id.versionID.wireForm)
        common.write("Key", Array(upload.key), to: &xml)
        xml.element("Initiated", Timestamp(milliseconds: upload.initiatedMs))
        xml.element("StorageClass", upload.template.storageClassValue.rawValue)
        xml.owner(owner)
        await call.write(initiator: AccountID(trusted: upload.initiator), to: &xml)
        if !upload.checksumAlgorithm.isEmpty {
            xml.element("ChecksumAlgorithm", upload.checksumAlgorithm)
            xml.element("ChecksumType", (upload.isComposite ? ChecksumType.composite : .fullObject).rawValue)
        }
        xml.close("Upload")
    }
}

extension S3Call {
    /// The URL of an object in the style of the request (spec rule MPU-16).
    func location(of key: ObjectKey) -> String {
        let path = PercentEncoding.encode(key.bytes, keepingSlash: true)
        if self.isVirtualHosted { return "\(self.baseURL)/\(path)" }
        return "\(self.baseURL)/\(self.accessPoint?.alias ?? self.bucketName)/\(path)"
    }
}
