import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetObject; spec §5.
    static let getObject = Operation(
        "GetObject", Route("GET", .object), action: "s3:GetObject", versionAction: "s3:GetObjectVersion"
    ) { call throws(S3Error) in
        if call.target.has("uploads") { throw .keyNotExpectedForUploads }
        return try await ObjectRead(call: call).answer(withBody: true)
    }

    /// Source: Amazon S3 API Reference, HeadObject; spec §5.
    static let headObject = Operation(
        "HeadObject", Route("HEAD", .object), action: "s3:GetObject", versionAction: "s3:GetObjectVersion"
    ) { call throws(S3Error) in
        try await ObjectRead(call: call).answer(withBody: false)
    }
}

/// What GetObject and HeadObject share: conditions, then part or range, then headers.
private struct ObjectRead {
    let call: S3Call

    /// A version that is removed between its record and its body is looked for again this often.
    private static let maximumAttempts = 8

    func answer(withBody: Bool) async throws(S3Error) -> HTTPAnswer {
        let overrides = try ResponseOverrides.parse(self.call.target, isAnonymous: self.call.principal == .anonymous)
        let access = try self.call.keyAccess()
        for _ in 0..<Self.maximumAttempts {
            let version = try await self.call.readableVersion()
            if let answer = try await self.answer(
                for: version, access: access, overrides: overrides, withBody: withBody)
            {
                return answer
            }
        }
        throw .internalError
    }

    private func answer(
        for version: StoredVersion, access: KeyAccess, overrides: [HeaderFields.Field], withBody: Bool
    ) async throws(S3Error) -> HTTPAnswer? {
        let record = version.record
        let bucket = try self.call.bucket()
        // Whoever lacks the customer's key learns nothing of the object.
        try self.call.service.checkCustomerKey(access.customerKey, of: record)
        if let refusal = try self.checkConditions(record, bucket: bucket) { return refusal }
        let now = self.call.now
        if withBody, !record.isReadable(at: now) {
            guard self.call.readsArchives else { throw .invalidObjectState(storageClass: record.storageClass) }
            try await self.call.authorize("s3:RestoreObject", bucket: bucket, key: version.key)
        }

        var headers = HeaderFields()
        headers.appendObject(record, in: bucket)
        headers.appendRestore(of: record, at: now)
        headers.appendEncryption(of: record, customerKey: access.customerKey)
        // Only of the current version, asked for as such (LC-8).
        if !self.call.target.has("versionId") {
            headers.appendExpiration(self.call.service.expiration(of: record, key: version.key, in: bucket))
        }
        if !record.tags.isEmpty {
            let action = self.call.target.has("versionId") ? "s3:GetObjectVersionTagging" : "s3:GetObjectTagging"
            if await !self.call.may(action, bucket: bucket, key: version.key) { headers.remove("x-amz-tagging-count") }
        }
        if record.retention != nil || record.legalHold != .unset {
            try await self.call.appendObjectLock(of: record, in: bucket, to: &headers)
        }
        var slice = Slice(range: 0..<record.byteCount, isPartial: false, checksum: record.checksum.checksum)
        var layout: BodyLayout?
        if let text = self.call.target["partNumber"] {
            if self.call.headers.contains("range") { throw .rangeWithPartNumber }
            let number = try PartNumber.parse(text)
            guard let parts = try await self.call.service.layout(of: record, in: bucket.partition) else { return nil }
            layout = parts
            slice = try Self.part(number, of: record, layout: parts, headers: &headers)
        } else {
            slice = try self.range(of: record, slice)
        }
        if slice.isPartial, !slice.range.isEmpty {
            let closed = slice.range.lowerBound...(slice.range.upperBound - 1)
            headers.append("content-range", RangeHeader.contentRange(closed, byteCount: record.byteCount))
        }
        if self.call.headers["x-amz-checksum-mode"]?.lowercased() == "enabled" {
            headers.appendChecksum(slice.checksum)
        }
        for field in overrides { headers.set(field.name, field.value) }

        let status = slice.isPartial ? 206 : 200
        let byteCount = Int64(slice.range.count)
        guard withBody else {
            headers.set("content-length", "\(byteCount)")
            return HTTPAnswer(status: status, headers: headers)
        }
        let cipher =
            record.hasEncryption
            ? try await self.call.service.cipher(of: record, key: version.key, in: bucket, access: access) : nil
        let opened = try await self.call.service.openBody(
            of: record, layout: layout, range: slice.range, cipher: cipher, in: bucket.partition)
        switch opened {
        case nil: return nil
        case .some(.none): return HTTPAnswer(status: status, headers: headers)
        case .bytes(let bytes): return HTTPAnswer(status: status, headers: headers, body: .bytes(bytes))
        case .stream(let source):
            return HTTPAnswer(status: status, headers: headers, body: .stream(byteCount: byteCount, source: source))
        }
    }

    /// The bytes that are asked for.
    private struct Slice {
        var range: Range<Int64>
        var isPartial: Bool
        /// What the checksum headers say of them (spec rule RNG-5).
        var checksum: Checksum?
    }

    private func checkConditions(_ record: VersionRecord, bucket: BucketState) throws(S3Error) -> HTTPAnswer? {
        let conditions = ReadConditions(self.call.headers)
        if conditions.isEmpty { return nil }
        switch conditions.evaluate(etag: record.etag, lastModified: record.lastModified, now: self.call.now) {
        case .proceed:
            return nil
        case .failed(let condition):
            throw .preconditionFailed(condition: condition)
        case .notModified:
            var headers = HeaderFields()
            headers.append("etag", "\"\(record.etag)\"")
            headers.append("last-modified", record.lastModified.httpDate)
            headers.appendVersion(of: record, in: bucket)
            return HTTPAnswer(status: 304, headers: headers)
        }
    }

    private func range(of record: VersionRecord, _ whole: Slice) throws(S3Error) -> Slice {
        let header = self.call.headers["range"]
        switch RangeHeader(header, byteCount: record.byteCount) {
        case .full:
            return whole
        case .range(let closed):
            let isWhole = closed.lowerBound == 0 && closed.upperBound == record.byteCount - 1
            return Slice(
                range: closed.lowerBound..<(closed.upperBound + 1), isPartial: true,
                checksum: isWhole ? whole.checksum : nil)
        case .unsatisfiable:
            throw .invalidRange(header ?? "", byteCount: record.byteCount)
        }
    }

    /// RNG-4: a plain object has just part 1.
    private static func part(
        _ number: Int, of record: VersionRecord, layout: BodyLayout, headers: inout HeaderFields
    ) throws(S3Error) -> Slice {
        guard record.etagPartCount > 0 else {
            if number != 1 { throw .invalidPartNumber(number, partCount: 1) }
            return Slice(range: 0..<record.byteCount, isPartial: true, checksum: record.checksum.checksum)
        }
        // Numbers are those of the upload, which need not be consecutive.
        guard let index = layout.parts.firstIndex(where: { Int($0.number) == number }) else {
            throw .invalidPartNumber(number, partCount: layout.parts.count)
        }
        headers.append("x-amz-mp-parts-count", "\(layout.parts.count)")
        let start = layout.parts[..<index].reduce(0) { $0 + $1.byteCount }
        let part = layout.parts[index]
        return Slice(
            range: start..<(start + part.byteCount), isPartial: true,
            checksum: part.hasChecksum ? part.checksum.checksum : nil)
    }
}
