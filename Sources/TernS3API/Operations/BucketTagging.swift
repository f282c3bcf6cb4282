import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketTagging; spec §9.1, §12.2.
    static let getBucketTagging = Operation(
        "GetBucketTagging", Route("GET", .bucket, query: "tagging"), action: "s3:GetBucketTagging"
    ) { call throws(S3Error) in
        let tags = try call.bucket().record.tags.map { Tag(key: $0.key, value: $0.value) }
        if tags.isEmpty { throw .noSuchTagSet(call.bucketName) }
        return .xml(TaggingXML.encode(tags))
    }

    /// Source: Amazon S3 API Reference, PutBucketTagging; spec rules TAG-2, TAG-3.
    static let putBucketTagging = Operation(
        "PutBucketTagging", Route("PUT", .bucket, query: "tagging"), action: "s3:PutBucketTagging"
    ) { call throws(S3Error) in
        let tags = try TaggingXML.decode(try await call.payload.document(maximumBytes: 1 << 20), of: .bucket)
        try await call.service.changeBucket(call.bucketName) { record in record.tags = tags.map { TagPair($0) } }
        return .noContent
    }

    /// Source: Amazon S3 API Reference, DeleteBucketTagging.
    static let deleteBucketTagging = Operation(
        "DeleteBucketTagging", Route("DELETE", .bucket, query: "tagging"), action: "s3:PutBucketTagging"
    ) { call throws(S3Error) in
        try await call.service.changeBucket(call.bucketName) { record in record.tags = [] }
        return .noContent
    }
}
