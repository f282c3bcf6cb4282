import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetObjectAcl; spec rules ACL-5, ACL-11, VER-12.
    static let getObjectAcl = Operation(
        "GetObjectAcl", Route("GET", .object, query: "acl"), action: "s3:GetObjectAcl",
        versionAction: "s3:GetObjectVersionAcl"
    ) { call throws(S3Error) in
        let record = try await call.readableVersion().record
        let bucket = try call.bucket()
        let owner = await call.ownerID(of: record, in: bucket)
        return call.aclAnswer(owner: owner, list: record.accessControlList, bucket: bucket)
    }

    /// Source: Amazon S3 API Reference, PutObjectAcl; spec rules ACL-2, ACL-6 to ACL-8, ACL-11.
    static let putObjectAcl = Operation(
        "PutObjectAcl", Route("PUT", .object, query: "acl"), action: "s3:PutObjectAcl",
        versionAction: "s3:PutObjectVersionAcl"
    ) { call throws(S3Error) in
        let key = try call.key()
        let bucket = try call.bucket()
        let record = try await call.attributedVersion().record
        let owner = await call.ownerID(of: record, in: bucket)
        let list = try await call.newACL(for: .object, owner: owner, bucket: bucket)
        if bucket.ownership != .bucketOwnerEnforced {
            let version = try await call.service.setACL(
                list == .ownerOnly(owner) ? nil : list, of: try call.versionReference(), key: key, in: bucket.name,
                cause: EventCause(.other, by: call.trace))
            if version.record.isDeleteMarker { throw call.markerError(version) }
        }
        return .ok
    }
}
