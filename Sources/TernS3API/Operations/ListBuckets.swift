import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// The caller's buckets in every region of the federation.
    ///
    /// Source: Amazon S3 API Reference, ListBuckets.
    static let listBuckets = Operation(
        "ListBuckets", Route("GET", .service), action: "s3:ListAllMyBuckets", needsBucket: false
    ) { call throws(S3Error) in
        let account = try call.account()
        let parameters = ["prefix", "max-buckets", "continuation-token", "bucket-region"]
        let isPaged = parameters.contains { call.target.has($0) }
        var limit = 10_000
        if let text = call.target["max-buckets"] {
            guard let value = Int(text), (1...10_000).contains(value) else { throw .invalidMaxBuckets(text) }
            limit = value
        }
        let region = call.target["bucket-region"]
        if let region, !call.regions.contains(where: { $0.description == region }) {
            throw .invalidBucketRegion(region)
        }
        var after = ""
        if let token = call.target["continuation-token"] {
            guard let name = ContinuationToken(wireForm: token), case .afterKey(let key) = name else {
                throw .invalidContinuationToken(token)
            }
            after = String(decoding: key, as: UTF8.self)
        }
        let (records, isTruncated) = try await call.service.buckets(
            of: account.id, prefix: call.target["prefix"] ?? "", after: after, limit: limit, region: region)

        var xml = XMLWriter(capacity: 256 + records.count * 160)
        xml.openRoot("ListAllMyBucketsResult")
        xml.open("Owner")
        xml.element("ID", account.canonicalID)
        xml.close("Owner")
        xml.open("Buckets")
        for record in records {
            xml.open("Bucket")
            xml.element("Name", record.name)
            xml.element("CreationDate", Timestamp(milliseconds: record.createdMs))
            if isPaged {
                xml.element("BucketRegion", record.region)
                xml.element("BucketArn", "arn:aws:s3:::\(record.name)")
            }
            xml.close("Bucket")
        }
        xml.close("Buckets")
        if isTruncated, let last = records.last {
            xml.element("ContinuationToken", ContinuationToken.afterKey(Array(last.name.utf8)).wireForm)
        }
        xml.element("Prefix", ifPresent: call.target["prefix"])
        xml.close("ListAllMyBucketsResult")
        return .xml(xml.finish())
    }
}
