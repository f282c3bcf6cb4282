import TernCore
package import TernObjects
package import TernPorts
import TernRecords
import TernS3Protocol

/// Writes what replication reads and writes into the access logs of its buckets, as requests of its rules' roles (I-22).
///
/// Source: Amazon S3 User Guide, "Logging requests with server access logging"; a requester that is a session is shown by
/// its ARN.
package struct ReplicationLogging: Sendable {
    private let log: AccessLog
    private let service: ObjectService
    private let identities: any IdentityStore

    package init(log: AccessLog, service: ObjectService, identities: any IdentityStore) {
        self.log = log
        self.service = service
        self.identities = identities
    }

    package func record(_ access: ReplicationAccess, in bucket: BucketState) async {
        guard let logging = bucket.features.logging else { return }
        let clock = self.service.clock
        var record = AccessLogRecord(time: clock.now)
        record.bucket = bucket.name
        record.bucketOwner = await self.identities.account(bucket.owner)?.canonicalID ?? ""
        record.requester = Self.session(ofRole: access.role)
        record.requestID = RequestID.make(clock.randomBits())
        record.hostID = RequestID.hostID(clock.randomBits(), clock.randomBits())
        record.operation = AccessLogOperation.name(of: access)
        record.key = access.key
        record.versionID = access.version.description
        record.userAgent = "s3.amazonaws.com"
        if access.isPermitted {
            record.status = access.side == .destination && access.kind == .deleteMarker ? 204 : 200
            if access.kind == .object { record.objectByteCount = access.byteCount }
            if access.kind == .object, access.side == .source { record.sentByteCount = access.byteCount }
        } else {
            record.status = 403
            record.errorCode = "AccessDenied"
        }
        self.log.append(record, owner: bucket.owner, logging: logging)
    }

    /// ACC-6: the session in which the role acts; the name is that of ``RoleAssumer``'s sessions.
    private static func session(ofRole arn: String) -> String {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, let name = parts[5].split(separator: "/").last else { return arn }
        return "arn:aws:sts::\(parts[4]):assumed-role/\(name)/s3-replication"
    }
}

extension AccessLogOperation {
    static func name(of access: ReplicationAccess) -> String {
        let isRead = access.side == .source
        let method = isRead ? "GET" : "PUT"
        return switch access.kind {
        case .object, .UNRECOGNIZED: "REST.\(method).OBJECT"
        case .deleteMarker: isRead ? "REST.HEAD.OBJECT" : "REST.DELETE.OBJECT"
        case .tags, .attributes: "REST.\(method).OBJECT_TAGGING"
        case .acl: "REST.\(method).ACL"
        case .retention: "REST.\(method).RETENTION"
        case .legalHold: "REST.\(method).LEGAL_HOLD"
        }
    }
}
