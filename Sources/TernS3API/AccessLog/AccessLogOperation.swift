import TernCore
import TernPorts

/// The names of operations in access logs: `REST.`, the method, and what it is done to.
///
/// Source: Amazon S3 User Guide, "Amazon S3 server access log format".
enum AccessLogOperation {
    static func name(of operation: Operation?, head: HTTPRequestHead, hasKey: Bool) -> String {
        if head.method == "OPTIONS" { return "REST.OPTIONS.PREFLIGHT" }
        let resource = hasKey ? "OBJECT" : "BUCKET"
        guard let operation else { return "REST.\(head.method).\(resource)" }
        switch operation.name {
        case "CopyObject": return "REST.COPY.OBJECT"
        case "UploadPartCopy": return "REST.COPY.PART"
        case "UploadPart": return "REST.PUT.PART"
        case "DeleteObjects": return "REST.POST.MULTI_OBJECT_DELETE"
        case "PostObject": return "REST.POST.OBJECT"
        default: break
        }
        guard let query = operation.route.query.first, query != "list-type=2" else {
            return "REST.\(head.method).\(resource)"
        }
        return "REST.\(head.method).\(self.subresource(query, hasKey: hasKey))"
    }

    private static func subresource(_ query: String, hasKey: Bool) -> String {
        switch query {
        case "tagging": hasKey ? "OBJECT_TAGGING" : "TAGGING"
        case "uploadId": "UPLOAD"
        case "versions": "BUCKETVERSIONS"
        case "policy": "BUCKETPOLICY"
        case "policyStatus": "POLICY_STATUS"
        case "logging": "LOGGING_STATUS"
        case "requestPayment": "REQUEST_PAYMENT"
        case "publicAccessBlock": "PUBLIC_ACCESS_BLOCK"
        case "ownershipControls": "OWNERSHIP_CONTROLS"
        case "object-lock": "OBJECT_LOCK_CONFIGURATION"
        case "attributes": "OBJECT_ATTRIBUTES"
        default: String(query.uppercased().map { $0 == "-" ? "_" : $0 })
        }
    }
}
