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
        let version = try await taggedVersion(call)
        var headers = HeaderFields()
        headers.appendVersion(of: version.record, in: try call.bucket())
        return .xml(TaggingXML.encode(version.record.tagSet), headers: headers)
    }

    /// Source: Amazon S3 API Reference, PutObjectTagging; spec §9.1.
    static let putObjectTagging = Operation(
        "PutObjectTagging", Route("PUT", .object, query: "tagging"), action: "s3:PutObjectTagging",
        versionAction: "s3:PutObjectVersionTagging"
    ) { call throws(S3Error) in
        _ = try await taggedVersion(call)
        let tags = try TaggingXML.decode(try await call.payload.document(maximumBytes: 1 << 20), of: .object)
        return try await setTags(tags, call, status: 200)
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
            tags, of: try call.versionReference(), key: try call.key(), in: call.bucketName)
        if version.record.isDeleteMarker { throw markerError(version, call) }
        var headers = HeaderFields()
        headers.appendVersion(of: version.record, in: try call.bucket())
        return HTTPAnswer(status: status, headers: headers)
    }

    /// The version that a tagging call names. A delete marker is 405 even as the latest version (VER-12).
    private static func taggedVersion(_ call: S3Call) async throws(S3Error) -> StoredVersion {
        let key = try call.key()
        let reference = try call.versionReference()
        guard let version = try await call.service.find(reference, of: key, in: try call.bucket()) else {
            if let reference { throw .noSuchVersion(key, versionID: reference.wireForm) }
            throw .noSuchKey(key)
        }
        if version.record.isDeleteMarker { throw markerError(version, call) }
        return version
    }

    private static func markerError(_ version: StoredVersion, _ call: S3Call) -> S3Error {
        .methodNotAllowedOnDeleteMarker(
            call.head.method, versionID: version.record.reference.wireForm, lastModified: version.record.lastModified)
    }
}
