import TernCore
import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, DeleteObject; spec §4.3, CND-6.
    static let deleteObject = Operation(
        "DeleteObject", Route("DELETE", .object), action: "s3:DeleteObject", versionAction: "s3:DeleteObjectVersion"
    ) { call throws(S3Error) in
        if call.headers.contains("x-amz-bypass-governance-retention") { throw .bypassWithoutObjectLock(call) }
        let condition = try DeleteCondition(call.headers)
        let key = try call.key()
        let deleted: DeletedVersion
        if let reference = try call.versionReference() {
            deleted = try await call.service.deleteVersion(
                reference, of: key, in: call.bucketName, condition: condition)
        } else {
            deleted = try await call.service.deleteCurrent(key, in: call.bucketName, condition: condition)
        }
        var answer = HTTPAnswer.noContent
        if deleted.isDeleteMarker { answer.headers.append("x-amz-delete-marker", "true") }
        if let version = deleted.version { answer.headers.append("x-amz-version-id", version.wireForm) }
        return answer
    }
}

extension S3Error {
    /// LCK-10
    static func bypassWithoutObjectLock(_ call: S3Call) -> S3Error {
        .invalidArgument(
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
            name: "x-amz-bypass-governance-retention", value: call.headers["x-amz-bypass-governance-retention"] ?? "")
    }
}
