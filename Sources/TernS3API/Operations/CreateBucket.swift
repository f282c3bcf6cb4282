import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, CreateBucket; spec §12.1.
    static let createBucket = Operation(
        "CreateBucket", Route("PUT", .bucket), action: "s3:CreateBucket", needsBucket: false,
        // The region in its body is a condition of the permission.
        authorizesItself: true
    ) { call throws(S3Error) in
        guard let name = BucketName(call.bucketName) else { throw .invalidBucketName(call.bucketName) }
        if let namespace = call.headers["x-amz-bucket-namespace"], namespace != "global" {
            throw .notImplemented(header: "x-amz-bucket-namespace")
        }
        let settings = try await settings(call)
        try await authorize(settings, name: name, call: call)
        let body = try await call.payload.document(maximumBytes: 64 * 1024)
        let document = try CreateBucketConfigurationXML(decoding: body)
        let region = call.service.region
        let constraint = document.locationConstraint
        try checkConstraint(constraint, region: region)

        let tags = document.tags
        try await call.authorizeInOwnAccount(
            "s3:CreateBucket", resource: "arn:aws:s3:::\(name)",
            context: constraint.map { ["s3:locationconstraint": [$0]] } ?? [:])
        if !tags.isEmpty {
            var context = ["aws:TagKeys": tags.map(\.key)]
            for tag in tags { context["aws:RequestTag/\(tag.key)"] = [tag.value] }
            try await call.authorizeInOwnAccount(
                "s3:TagResource", resource: "arn:aws:s3:::\(name)", context: context)
        }
        let created = try await call.service.createBucket(
            name, owner: try call.account().id, locationConstraint: constraint ?? "", tags: tags,
            settings: settings)
        if case .alreadyOwned(let record) = created {
            // us-east-1 answers a repetition with 200, others do not.
            guard region == .usEast1, record.region == region.description, tags.isEmpty else {
                throw .bucketAlreadyOwnedByYou(name.description)
            }
        }
        return HTTPAnswer.ok.with("location", location(of: name, call: call))
            .with("x-amz-bucket-arn", "arn:aws:s3:::\(name)")
    }

    /// What the settings of a new bucket need beside s3:CreateBucket (specification §6.5).
    private static func authorize(
        _ settings: BucketSettings, name: BucketName, call: S3Call
    ) async throws(S3Error) {
        var actions: [String] = []
        if settings.accessControl != nil { actions.append("s3:PutBucketAcl") }
        if settings.isObjectLockEnabled {
            actions += ["s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"]
        }
        if settings.ownership != nil { actions.append("s3:PutBucketOwnershipControls") }
        for action in actions {
            try await call.authorizeInOwnAccount(action, resource: "arn:aws:s3:::\(name)")
        }
    }

    /// Where the new bucket is: its own host, if the endpoint's name may have one in front (spec §3.2a).
    private static func location(of name: BucketName, call: S3Call) -> String {
        if call.service.region == .usEast1 { return "/\(name)" }
        if call.isVirtualHosted { return "\(call.baseURL)/" }
        return call.hostURL(of: name) ?? "\(call.baseURL)/\(name)"
    }

    private static func checkConstraint(_ constraint: String?, region: RegionName) throws(S3Error) {
        if region == .usEast1 {
            if let constraint { throw .invalidLocationConstraint(constraint) }
            return
        }
        let isEuropeanAlias = constraint == "EU" && region.description == "eu-west-1"
        if constraint != region.description, !isEuropeanAlias { throw .illegalLocationConstraint(constraint) }
    }

    /// What the headers say of the bucket (spec rules LCK-1, ACL-1 to ACL-3).
    private static func settings(_ call: S3Call) async throws(S3Error) -> BucketSettings {
        var settings = BucketSettings()
        settings.isObjectLockEnabled = call.headers["x-amz-bucket-object-lock-enabled"]?.lowercased() == "true"
        if let value = call.headers["x-amz-object-ownership"] {
            settings.ownership = try ObjectOwnership(header: value)
        }
        guard let headers = try AccessControlHeaders(call.headers, for: .bucket, method: call.head.method) else {
            return settings
        }
        let owner = try call.account().canonicalID
        let list = try await call.list(of: headers, owner: owner, bucketOwner: owner)
        if list == .ownerOnly(owner) { return settings }
        if settings.ownership ?? .bucketOwnerEnforced == .bucketOwnerEnforced {
            throw .bucketACLWithBucketOwnerEnforced
        }
        // A new bucket blocks public ACLs (§9.3).
        if list.isPublic { throw .accessDenied() }
        settings.accessControl = AccessControlPolicyXML(owner: owner, list: list)
        return settings
    }
}
