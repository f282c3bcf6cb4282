package import TernCore

/// What a job does with each object of its manifest.
///
/// Source: Amazon S3 API Reference, "JobOperation"; batch-replication §2.
package enum JobOperation: Hashable, Sendable {
    case replicateObject
    case copy(JobCopy)
    case putTagging([Tag])
    case deleteTagging
    case putACL(JobACL)
    case restore(JobRestore)
    case putLegalHold(isOn: Bool)
    case putRetention(Retention?, bypassesGovernance: Bool)
    case invokeFunction(JobFunction)
    case computeChecksum(JobChecksum)
    case updateEncryption(keyARN: String, bucketKey: Bool)

    /// The name that ListJobs and the condition keys have.
    package var name: String {
        switch self {
        case .replicateObject: "S3ReplicateObject"
        case .copy: "S3PutObjectCopy"
        case .putTagging: "S3PutObjectTagging"
        case .deleteTagging: "S3DeleteObjectTagging"
        case .putACL: "S3PutObjectAcl"
        case .restore: "S3InitiateRestoreObject"
        case .putLegalHold: "S3PutObjectLegalHold"
        case .putRetention: "S3PutObjectRetention"
        case .invokeFunction: "LambdaInvoke"
        case .computeChecksum: "S3ComputeObjectChecksum"
        case .updateEncryption: "S3UpdateObjectEncryption"
        }
    }

    package var isReplication: Bool { self == .replicateObject }
}

/// The parameters of S3PutObjectCopy.
package struct JobCopy: Hashable, Sendable {
    package var targetBucket: BucketName
    /// Joined with the key by a slash.
    package var targetPrefix: String?
    package var replacesMetadata: Bool
    /// Header fields of the new objects, where the metadata are replaced; user metadata with their prefix.
    package var metadata: [HeaderFields.Field]
    /// `nil` copies the tags.
    package var tags: [Tag]?
    package var cannedACL: String?
    package var grants: [JobGrant]
    package var storageClass: StorageClass?
    /// `AES256` or `aws:kms`.
    package var encryption: String?
    package var kmsKeyID: String?
    package var bucketKey: Bool?
    package var checksumAlgorithm: String?
    package var redirectLocation: String?
    package var requesterPays: Bool
    package var modifiedSince: Timestamp?
    package var unmodifiedSince: Timestamp?
    package var retention: Retention?
    package var legalHold: String?
}

/// A grant as jobs write it.
package struct JobGrant: Hashable, Sendable {
    package enum Identifier: String, Hashable, Sendable, CaseIterable {
        case id, emailAddress, uri
    }

    package var kind: Identifier
    package var identifier: String
    package var permission: AccessPermission
}

/// The parameters of S3PutObjectAcl: one of both.
package enum JobACL: Hashable, Sendable {
    case canned(String)
    case list(owner: String, grants: [JobGrant])
}

/// The parameters of S3InitiateRestoreObject.
package struct JobRestore: Hashable, Sendable {
    package var days: Int?
    package var tier: String
}

/// The parameters of LambdaInvoke.
package struct JobFunction: Hashable, Sendable {
    package var arn: String
    /// `1.0` or `2.0`.
    package var schemaVersion: String
    package var arguments: [HeaderFields.Field]
}

/// The parameters of S3ComputeObjectChecksum.
package struct JobChecksum: Hashable, Sendable {
    package var algorithm: String
    package var isComposite: Bool
}
