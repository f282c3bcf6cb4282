import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketReplication; spec live-replication rules C-02, C-14.
    static let getBucketReplication = Operation(
        "GetBucketReplication", Route("GET", .bucket, query: "replication"), action: "s3:GetReplicationConfiguration"
    ) { call throws(S3Error) in
        let document = try call.bucket().record.replicationXml
        if document.isEmpty { throw .replicationConfigurationNotFound(call.bucketName) }
        return .xml(Array(document))
    }

    /// Source: Amazon S3 API Reference, PutBucketReplication; spec live-replication §1, in the order of rule C-60.
    static let putBucketReplication = Operation(
        "PutBucketReplication", Route("PUT", .bucket, query: "replication"), action: "s3:PutReplicationConfiguration"
    ) { call throws(S3Error) in
        let bucket = try call.bucket()
        let body = try await call.payload.document(maximumBytes: 2 << 20, requiresDigest: true)
        let draft = try ReplicationConfigurationXML.decode(body)
        let service = call.service
        let configuration: ReplicationConfiguration
        let passedRole: String
        do throws(ConfigurationProblem) {
            let role = try draft.validatedRole()
            // C-06: a role of another account cannot be passed.
            if ARN.account(of: role) != (try? call.account().id) { throw ConfigurationProblem.roleNotPassable }
            passedRole = role
        } catch {
            throw S3Error(error)
        }
        // PSR-1
        try await call.authorizeInOwnAccount(
            "iam:PassRole", resource: passedRole,
            context: [
                "iam:PassedToService": ["s3.amazonaws.com"],
                "iam:AssociatedResourceArn": ["arn:aws:s3:::\(bucket.name)"],
            ])
        do throws(ConfigurationProblem) {
            if bucket.versioning != .enabled { throw ConfigurationProblem.sourceNotVersioned }
            configuration = try draft.validated(
                sourceBucket: BucketName(trusted: bucket.name),
                makeRuleID: { ruleID(service.clock.randomBits(), service.clock.randomBits()) })
        } catch {
            throw S3Error(error)
        }
        for destination in configuration.distinctDestinations {
            guard let found = try await call.destinations.destination(destination.description) else {
                throw S3Error(ConfigurationProblem.destinationDoesNotExist)
            }
            guard found.versioning == .enabled else { throw S3Error(ConfigurationProblem.destinationNotVersioned) }
        }
        try await call.service.setReplication(ReplicationConfigurationXML.encode(configuration), of: bucket.name)
        return .ok
    }

    /// Source: Amazon S3 API Reference, DeleteBucketReplication; spec live-replication rule C-03.
    static let deleteBucketReplication = Operation(
        "DeleteBucketReplication", Route("DELETE", .bucket, query: "replication"),
        action: "s3:PutReplicationConfiguration"
    ) { call throws(S3Error) in
        try await call.service.setReplication(nil, of: call.bucketName)
        return .noContent
    }

    /// An ID for a rule that came without one: 128 random bits in the form of a UUID.
    static func ruleID(_ high: UInt64, _ low: UInt64) -> String {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: high)
        bytes.append(bigEndian: low)
        let hex = bytes.lowercaseHex.utf8
        var text: [UInt8] = []
        for (index, character) in hex.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(character)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
