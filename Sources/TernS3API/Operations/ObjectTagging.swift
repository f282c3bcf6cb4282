import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetObjectTagging; spec §9.1.
    static let getObjectTagging = Operation(
        "GetObjectTagging", Route("GET", .object, query: "tagging"), action: "s3:GetObjectTagging",
        versionAction: "s3:GetObjectVersionTagging"
    ) { call throws(S3Error) in
        let version = try await call.attributedVersion()
        var headers = HeaderFields()
        headers.appendVersion(of: version.record, in: try call.bucket())
        return .xml(TaggingXML.encode(version.record.tagSet), headers: headers)
    }

    /// Source: Amazon S3 API Reference, PutObjectTagging; spec §9.1.
    static let putObjectTagging = Operation(
        "PutObjectTagging", Route("PUT", .object, query: "tagging"), action: "s3:PutObjectTagging",
        versionAction: "s3:PutObjectVersionTagging", authorizesItself: true
    ) { call throws(S3Error) in
        // The tags are conditions of the permission, so the document is read first.
        let body = try await call.payload.document(maximumBytes: 1 << 20)
        let tags = Result { () throws(S3Error) in try TaggingXML.decode(body, of: .object) }
        let action = call.target.has("versionId") ? "s3:PutObjectVersionTagging" : "s3:PutObjectTagging"
        try await call.authorize(
            action, bucket: try call.bucket(), key: try call.key(),
            context: (try? tags.get()).map(RequestConditions.requestTags) ?? [:])
        _ = try await call.attributedVersion()
        return try await setTags(try tags.get(), call, status: 200)
    }

    /// Source: Amazon S3 API Reference, DeleteObjectTagging; spec §9.1.
    static let deleteObjectTagging = Operation(
        "DeleteObjectTagging", Route("DELETE", .object, query: "tagging"), action: "s3:DeleteObjectTagging",
        versionAction: "s3:DeleteObjectVersionTagging"
    ) { call throws(S3Error) in
        try await setTags([], call, status: 204)
    }

    private static func setTags(_ tags: [Tag], _ call: S3Call, status: Int) async throws(S3Error) -> HTTPAnswer {
        let version = try await call.service.setTags(
            tags, of: try call.versionReference(), key: try call.key(), in: call.bucketName,
            cause: EventCause(.other, by: call.trace))
        if version.record.isDeleteMarker { throw call.markerError(version) }
        var headers = HeaderFields()
        headers.appendVersion(of: version.record, in: try call.bucket())
        return HTTPAnswer(status: status, headers: headers)
    }
}
