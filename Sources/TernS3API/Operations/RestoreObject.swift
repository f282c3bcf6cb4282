import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, RestoreObject; spec §11.2.
    static let restoreObject = Operation(
        "RestoreObject", Route("POST", .object, query: "restore"), action: "s3:RestoreObject"
    ) { call throws(S3Error) in
        let body = try await call.payload.document(maximumBytes: RequestDocument.maximumByteCount)
        let request = try RestoreRequestXML(decoding: body)
        let key = try call.key()
        let reference = try call.versionReference()
        if let outcome = try await call.service.restore(
            reference, of: key, in: call.bucketName, request: request, cause: EventCause(.other, by: call.trace))
        {
            return HTTPAnswer(status: outcome == .accepted ? 202 : 200)
        }
        // Absent, or a delete marker, which is 405 even as the latest version (RST-3).
        let version = try await call.service.find(reference, of: key, in: try call.bucket())
        if let record = version?.record, record.isDeleteMarker {
            throw .methodNotAllowedOnDeleteMarker(
                call.head.method, versionID: record.reference.wireForm, lastModified: record.lastModified)
        }
        if let reference { throw .noSuchVersion(key, versionID: reference.wireForm) }
        throw .noSuchKey(key)
    }
}
