import TernCore
import TernS3Protocol

/// S3PutObjectAcl.
struct ACLOperation: ObjectOperation {
    private let headers: HeaderFields
    private let body: [UInt8]?

    init(_ acl: JobACL) {
        switch acl {
        case .canned(let name):
            self.headers = HeaderFields([.init(name: "x-amz-acl", value: name)])
            self.body = nil
        case .list(let owner, let grants):
            let document = OperationXML.accessControl(owner: owner, grants: grants)
            self.headers = HeaderFields([.init(name: "content-md5", value: ContentMD5.value(of: document))])
            self.body = document
        }
    }

    func perform(on target: ObjectTarget, with client: RoleClient) async throws(RoleRequestFailure) -> String {
        var request = target.request("PUT", "acl")
        request.headers = self.headers
        request.body = self.body ?? []
        _ = try await client.send(request)
        return ObjectOperations.successful
    }
}
