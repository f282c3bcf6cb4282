import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketVersioning; spec rule VER-1.
    static let getBucketVersioning = Operation(
        "GetBucketVersioning", Route("GET", .bucket, query: "versioning"), action: "s3:GetBucketVersioning"
    ) { call throws(S3Error) in
        let status: String? =
            switch try call.bucket().versioning {
            case .enabled: "Enabled"
            case .suspended: "Suspended"
            case .never, .UNRECOGNIZED: nil
            }
        var xml = XMLWriter()
        xml.openRoot("VersioningConfiguration")
        xml.element("Status", ifPresent: status)
        xml.close("VersioningConfiguration")
        return .xml(xml.finish())
    }

    /// Source: Amazon S3 API Reference, PutBucketVersioning; spec rules VER-4 to VER-6, E-45.
    static let putBucketVersioning = Operation(
        "PutBucketVersioning", Route("PUT", .bucket, query: "versioning"), action: "s3:PutBucketVersioning"
    ) { call throws(S3Error) in
        let body = try await call.payload.document(maximumBytes: 1 << 20)
        let configuration = try VersioningConfigurationXML(decoding: body)
        try await call.service.setVersioning(
            configuration.status == .enabled ? .enabled : .suspended, of: call.bucketName)
        return .ok
    }
}
