import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, UploadPart; spec §6.1, CHK-12, LCK-15.
    static let uploadPart = Operation(
        "UploadPart", Route("PUT", .object, query: "partNumber", "uploadId"), action: "s3:PutObject",
        acceptsStreams: true
    ) { call throws(S3Error) in
        let number = try PartNumber.parse(call.target["partNumber"] ?? "")
        let bucket = try call.bucket()
        let upload = try await call.service.upload(call.target["uploadId"] ?? "", of: try call.key(), in: bucket)
        let access = try call.partKeyAccess()
        let cipher = try await call.service.cipher(of: upload, in: bucket, access: access)
        let digests = try call.payload.expectedDigests()
        if let expected = upload.algorithm, let actual = digests.clientAlgorithm, expected != actual {
            throw .partChecksumAlgorithmMismatch(expected: expected, actual: actual)
        }
        if digests.areMissing, bucket.locks(upload.record.template) { throw .lockedPartWithoutDigest }
        let (part, echo) = try await call.service.putPart(
            number, of: upload, in: bucket, cipher: cipher,
            body: try call.payload.stream(maximumBytes: S3Limits.singlePutByteCount),
            clientAlgorithm: digests.clientAlgorithm, digests: digests.expected)
        var answer = HTTPAnswer.ok.with("etag", "\"\(part.layout.etag)\"")
        answer.headers.appendEncryption(of: upload.record.template, customerKey: access.customerKey)
        answer.headers.appendChecksum(echo, withType: false)
        return answer
    }

    /// Source: Amazon S3 API Reference, UploadPartCopy; spec §6.5.
    static let uploadPartCopy = Operation(
        "UploadPartCopy", Route("PUT", .object, query: "partNumber", "uploadId", header: "x-amz-copy-source"),
        action: "s3:PutObject"
    ) { call throws(S3Error) in
        let number = try PartNumber.parse(call.target["partNumber"] ?? "")
        let bucket = try call.bucket()
        let upload = try await call.service.upload(call.target["uploadId"] ?? "", of: try call.key(), in: bucket)
        let access = try call.partKeyAccess()
        let cipher = try await call.service.cipher(of: upload, in: bucket, access: access)
        let rangeText = call.headers["x-amz-copy-source-range"]
        let source = try await call.copySource(range: rangeText.map { CopySourceRange.anticipated($0) })
        let record = source.version.record
        var range = 0..<record.byteCount
        if let rangeText {
            let closed = try CopySourceRange.parse(rangeText, byteCount: record.byteCount)
            range = closed.lowerBound..<(closed.upperBound + 1)
        }
        if range.count > CopySource.maximumByteCount { throw .copySourceTooLarge }
        let body: any HTTPBodySource
        if let remote = source.remoteBody {
            body = remote
        } else {
            let sourceCipher = try await call.service.cipher(
                of: record, key: source.version.key, in: source.bucket, access: try call.copySourceAccess())
            guard
                let opened = try await call.service.openBody(
                    of: record, range: range, cipher: sourceCipher, in: source.bucket.partition)
            else { throw .noSuchKey(source.version.key) }
            body = OpenedBodySource(opened)
        }
        let (part, _) = try await call.service.putPart(
            number, of: upload, in: bucket, cipher: cipher, body: body, clientAlgorithm: nil, digests: ExpectedDigests()
        )

        var xml = XMLWriter()
        xml.openRoot("CopyPartResult")
        xml.element("LastModified", Timestamp(milliseconds: part.lastModifiedMs))
        xml.element("ETag", quoting: part.layout.etag)
        if upload.algorithm != nil { xml.checksum(part.layout.checksum.checksum, withType: false) }
        xml.close("CopyPartResult")
        var headers = HeaderFields()
        headers.appendEncryption(of: upload.record.template, customerKey: access.customerKey)
        if source.bucket.versioning != .never {
            headers.append("x-amz-copy-source-version-id", record.reference.wireForm)
        }
        return .xml(xml.finish(), headers: headers)
    }

    /// Source: Amazon S3 API Reference, ListParts; spec §6.6.
    static let listParts = Operation(
        "ListParts", Route("GET", .object, query: "uploadId"), action: "s3:ListMultipartUploadParts"
    ) { call throws(S3Error) in
        let parameters = try ListPartsParameters(call.target)
        let bucket = try call.bucket()
        let key = try call.key()
        let upload = try await call.service.upload(call.target["uploadId"] ?? "", of: key, in: bucket)
        let all = try await call.service.uploadedParts(of: upload.id, in: bucket.partition)
        let following = all.keys.filter { $0 > parameters.partNumberMarker }.sorted()
        let listed = following.prefix(parameters.maximum)

        var xml = XMLWriter(capacity: 512 + listed.count * 250)
        xml.openRoot("ListPartsResult")
        xml.element("Bucket", bucket.name)
        xml.element("Key", bytes: key.bytes)
        xml.element("UploadId", upload.id.wireForm)
        await call.write(initiator: AccountID(trusted: upload.record.initiator), to: &xml)
        xml.owner(await call.ownerID(of: upload.record.template, in: bucket))
        xml.element("StorageClass", upload.record.template.storageClassValue.rawValue)
        xml.element("PartNumberMarker", parameters.partNumberMarker)
        xml.element("NextPartNumberMarker", listed.last ?? 0)
        xml.element("MaxParts", parameters.maximum)
        xml.element("IsTruncated", parameters.maximum > 0 && following.count > listed.count)
        if let algorithm = upload.algorithm {
            xml.element("ChecksumAlgorithm", algorithm.rawValue)
            xml.element("ChecksumType", upload.checksumType.rawValue)
        }
        for number in listed {
            guard let part = all[number]?.part else { continue }
            xml.open("Part")
            xml.element("PartNumber", number)
            xml.element("LastModified", Timestamp(milliseconds: part.lastModifiedMs))
            xml.element("ETag", quoting: part.layout.etag)
            xml.element("Size", part.layout.byteCount)
            if upload.algorithm != nil { xml.checksum(part.layout.checksum.checksum, withType: false) }
            xml.close("Part")
        }
        xml.close("ListPartsResult")
        var headers = HeaderFields()
        headers.appendAbortion(
            call.service.abortion(
                ofUploadTo: key, initiated: Timestamp(milliseconds: upload.record.initiatedMs), in: bucket))
        return .xml(xml.finish(), headers: headers)
    }
}
