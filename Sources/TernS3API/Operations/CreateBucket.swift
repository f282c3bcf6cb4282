import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, CreateBucket; spec §12.1.
    static let createBucket = Operation(
        "CreateBucket", Route("PUT", .bucket), action: "s3:CreateBucket", needsBucket: false
    ) { call throws(S3Error) in
        guard let name = BucketName(call.bucketName) else { throw .invalidBucketName(call.bucketName) }
        try refuseUnsupportedHeaders(call)
        let body = try await call.payload.document(maximumBytes: 64 * 1024)
        let document = try CreateBucketConfigurationXML(decoding: body)
        let region = call.service.region
        let constraint = document.locationConstraint
        try checkConstraint(constraint, region: region)

        let tags = document.tags
        let created = try await call.service.createBucket(
            name, owner: try call.account().id, locationConstraint: constraint ?? "", tags: tags)
        if case .alreadyOwned(let record) = created {
            // us-east-1 answers a repetition with 200, others do not.
            guard region == .usEast1, record.region == region.description, tags.isEmpty else {
                throw .bucketAlreadyOwnedByYou(name.description)
            }
        }
        let location = region == .usEast1 ? "/\(name)" : "\(call.baseURL)/\(name)"
        return HTTPAnswer.ok.with("location", location).with("x-amz-bucket-arn", "arn:aws:s3:::\(name)")
    }

    private static func checkConstraint(_ constraint: String?, region: RegionName) throws(S3Error) {
        if region == .usEast1 {
            if let constraint { throw .invalidLocationConstraint(constraint) }
            return
        }
        let isEuropeanAlias = constraint == "EU" && region.description == "eu-west-1"
        if constraint != region.description, !isEuropeanAlias { throw .illegalLocationConstraint(constraint) }
    }

    /// Options of a bucket that Tern cannot honour yet are refused, not dropped.
    private static func refuseUnsupportedHeaders(_ call: S3Call) throws(S3Error) {
        for field in call.headers.fields {
            let isRefused =
                switch field.name {
                case "x-amz-acl": field.value != "private"
                case "x-amz-object-ownership": field.value != "BucketOwnerEnforced"
                case "x-amz-bucket-object-lock-enabled": field.value.lowercased() == "true"
                case "x-amz-bucket-namespace": field.value != "global"
                default: field.name.hasPrefix("x-amz-grant-")
                }
            if isRefused { throw .notImplemented(header: field.name) }
        }
    }
}
