import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, DeleteObjects; spec rule VER-16.
    static let deleteObjects = Operation(
        "DeleteObjects", Route("POST", .bucket, query: "delete"), action: "s3:DeleteObject",
        // Each key by itself (EVL-1).
        authorizesItself: true
    ) { call throws(S3Error) in
        // The header is wrong for the whole request; whether it may be followed is asked for each key.
        _ = try await call.bypassesGovernance(key: nil)
        let bucket = try call.bucket()
        let body = try await call.payload.document(maximumBytes: 4 << 20, requiresDigest: true)
        let request = try DeleteRequestXML(decoding: body)

        // Several at a time, so that one sync of the store serves them together; the answer keeps the order.
        var entries = [DeleteResultXML.Entry?](repeating: nil, count: request.objects.count)
        await withTaskGroup(of: (Int, DeleteResultXML.Entry).self) { group in
            var next = 0
            func startNext() {
                guard next < request.objects.count else { return }
                let index = next
                next += 1
                group.addTask { (index, await delete(request.objects[index], bucket: bucket, call: call)) }
            }
            for _ in 0..<maximumConcurrency { startNext() }
            while let (index, entry) = await group.next() {
                entries[index] = entry
                startNext()
            }
        }
        let result = DeleteResultXML(entries: entries.compactMap(\.self), isQuiet: request.isQuiet)
        return .xml(result.encode())
    }

    private static let maximumConcurrency = 32

    private static func delete(
        _ object: DeleteRequestXML.Object, bucket: BucketState, call: S3Call
    ) async -> DeleteResultXML.Entry {
        do {
            return try await perform(object, bucket: bucket, call: call)
        } catch {
            return .failed(object, error)
        }
    }

    private static func perform(
        _ object: DeleteRequestXML.Object, bucket: BucketState, call: S3Call
    ) async throws(S3Error) -> DeleteResultXML.Entry {
        if object.hasDirectoryBucketCondition { throw .notImplemented }
        let key: ObjectKey
        do {
            key = try ObjectKey(object.key)
        } catch {
            throw .keyTooLong(byteCount: object.key.count)
        }
        let action = object.versionID == nil ? "s3:DeleteObject" : "s3:DeleteObjectVersion"
        var conditions: [String: [String]] = [:]
        conditions["s3:versionid"] = object.versionID.map { [$0] }
        try await call.authorize(action, bucket: bucket, key: key, context: conditions)
        if object.etag != nil { try await call.authorize("s3:GetObject", bucket: bucket, key: key) }
        let condition = DeleteCondition(etag: object.etag)
        let deleted: DeletedVersion
        let cause = EventCause(.other, by: call.trace)
        if let text = object.versionID {
            guard let reference = VersionReference(wireForm: text), bucket.versioning != .never || reference == .null
            else {
                throw S3Error(code: "NoSuchVersion", status: 404, message: S3Error.noSuchVersionMessage)
            }
            deleted = try await call.service.deleteVersion(
                reference, of: key, in: bucket.name, condition: condition,
                bypassesGovernance: try await call.bypassesGovernance(key: key), cause: cause)
        } else {
            deleted = try await call.service.deleteCurrent(
                key, in: bucket.name, condition: condition, owner: try call.writer, cause: cause)
        }
        return .deleted(
            key: object.key, versionID: object.versionID,
            deleteMarkerVersionID: deleted.isDeleteMarker ? deleted.version?.wireForm : nil)
    }
}
