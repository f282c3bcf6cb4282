import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketLocation; spec rule RGN-8.
    static let getBucketLocation = Operation(
        "GetBucketLocation", Route("GET", .bucket, query: "location"), action: "s3:GetBucketLocation"
    ) { call throws(S3Error) in
        let bucket = try call.bucket()
        var xml = XMLWriter()
        xml.openRoot("LocationConstraint")
        if call.service.region != .usEast1 {
            let asked = bucket.record.locationConstraint
            xml.text(asked.isEmpty ? call.service.region.description : asked)
        }
        xml.close("LocationConstraint")
        return .xml(xml.finish())
    }
}
