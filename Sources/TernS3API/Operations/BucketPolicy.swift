import NIOCore
import TernCore
import TernObjects
import TernPolicy
import TernPorts
import TernS3Protocol

extension Operation {
    /// The policy as it came, byte for byte, but for users and roles that are gone. Source: Amazon S3 API Reference, GetBucketPolicy; spec s3-api §12.3.
    static let getBucketPolicy = Operation(
        "GetBucketPolicy", Route("GET", .bucket, query: "policy"), action: "s3:GetBucketPolicy"
    ) { call throws(S3Error) in
        guard let document = try call.bucket().document(.policy) else { throw .noSuchBucketPolicy(call.bucketName) }
        let bindings = PolicyBindings.decode(try call.bucket().document(.policyPrincipals) ?? [])
        let shown = call.shown(document, bindings: bindings)
        var answer = HTTPAnswer(status: 200, body: .bytes(ByteBuffer(bytes: shown)))
        answer.headers.set("content-type", "application/json")
        return answer
    }

    /// Source: Amazon S3 API Reference, PutBucketPolicy; spec s3-api §12.3, §9.3.
    static let putBucketPolicy = Operation(
        "PutBucketPolicy", Route("PUT", .bucket, query: "policy"), action: "s3:PutBucketPolicy"
    ) { call throws(S3Error) in
        let body = try await call.configurationBody()
        let accountBlock = call.environment.publicAccess.publicAccessBlock(of: try call.bucket().owner)
        let policy = try await call.bucketPolicy(body)
        let isPublic = policy.isPublic
        let caller = call.principal.arn
        let bucketName = call.bucketName
        try await call.service.setPolicy(
            body, bindings: call.bindings(of: policy), of: bucketName
        ) { record throws(S3Error) in
            // Block Public Access as of the commit: it may be switched on at the same moment.
            let block = try BucketRegistry.makeState(record).publicAccessBlock.union(accountBlock)
            guard isPublic, block.blockPublicPolicy else { return }
            throw .publicPolicyBlocked(caller: caller, bucket: bucketName)
        }
        return .noContent
    }

    /// Source: Amazon S3 API Reference, DeleteBucketPolicy.
    static let deleteBucketPolicy = Operation(
        "DeleteBucketPolicy", Route("DELETE", .bucket, query: "policy"), action: "s3:DeleteBucketPolicy"
    ) { call throws(S3Error) in
        try await call.service.setPolicy(nil, bindings: [:], of: call.bucketName)
        return .noContent
    }

    /// Source: Amazon S3 API Reference, GetBucketPolicyStatus; spec s3-api §9.3.
    static let getBucketPolicyStatus = Operation(
        "GetBucketPolicyStatus", Route("GET", .bucket, query: "policyStatus"), action: "s3:GetBucketPolicyStatus"
    ) { call throws(S3Error) in
        guard let policy = try call.bucket().features.policy else { throw .noSuchBucketPolicy(call.bucketName) }
        var xml = XMLWriter()
        xml.openRoot("PolicyStatus")
        xml.element("IsPublic", policy.isPublic)
        xml.close("PolicyStatus")
        return .xml(xml.finish())
    }
}
