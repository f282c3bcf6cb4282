import TernCore
import TernS3Protocol

/// S3InitiateRestoreObject: a task has succeeded when the restore is under way, or the copy is there.
struct RestoreOperation: ObjectOperation {
    private let body: [UInt8]

    init(_ restore: JobRestore) {
        self.body = OperationXML.restore(restore)
    }

    func perform(on target: ObjectTarget, with client: RoleClient) async throws(RoleRequestFailure) -> String {
        var request = target.request("POST", "restore")
        request.body = self.body
        request.headers.set("content-md5", ContentMD5.value(of: self.body))
        _ = try await client.send(request)
        return ObjectOperations.successful
    }
}
