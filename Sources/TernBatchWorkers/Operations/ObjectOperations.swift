import TernBatch
import TernControlPlane
import TernCore
import TernS3Protocol

/// Makes the operation of a job out of its parameters.
enum ObjectOperations {
    /// What the report says of a success.
    static let successful = "Successful"

    static func make(
        _ operation: JobOperation, job: JobStore.Job, context: BatchContext
    ) throws(JobInterruption) -> any ObjectOperation {
        switch operation {
        case .replicateObject:
            // Has a runner of its own.
            throw .failed(JobFailure(code: "InternalError", reason: "S3ReplicateObject is no request"))
        case .copy(let copy): return CopyOperation(copy)
        case .putTagging(let tags): return DocumentOperation("PUT", "tagging", body: TaggingXML.encode(tags))
        case .deleteTagging: return DocumentOperation("DELETE", "tagging", body: nil)
        case .putACL(let acl): return ACLOperation(acl)
        case .restore(let restore): return RestoreOperation(restore)
        case .putLegalHold(let isOn):
            return DocumentOperation("PUT", "legal-hold", body: OperationXML.legalHold(isOn: isOn))
        case .putRetention(let retention, let bypasses):
            var put = DocumentOperation("PUT", "retention", body: OperationXML.retention(retention))
            if bypasses { put.headers.set("x-amz-bypass-governance-retention", "true") }
            return put
        case .computeChecksum(let checksum): return try ChecksumOperation(checksum)
        case .updateEncryption(let keyARN, let bucketKey):
            return DocumentOperation(
                "PUT", "encryption", body: OperationXML.encryption(keyARN: keyARN, bucketKey: bucketKey))
        case .invokeFunction(let function):
            guard let runner = context.options.functions else {
                throw .failed(
                    JobFailure(
                        code: "FunctionRunnerMissing",
                        reason: "There is no function runner in this region's configuration."))
            }
            return FunctionOperation(function: function, runner: runner, job: job, context: context)
        }
    }
}

/// An operation that is one document, the same for all objects.
struct DocumentOperation: ObjectOperation {
    let method: String
    let subresource: String
    let body: [UInt8]?
    var headers = HeaderFields()

    init(_ method: String, _ subresource: String, body: [UInt8]?) {
        self.method = method
        self.subresource = subresource
        self.body = body
    }

    func perform(on target: ObjectTarget, with client: RoleClient) async throws(RoleRequestFailure) -> String {
        var request = target.request(self.method, self.subresource)
        request.headers = self.headers
        request.body = self.body
        if let body { request.headers.set("content-md5", ContentMD5.value(of: body)) }
        _ = try await client.send(request)
        return ObjectOperations.successful
    }
}
