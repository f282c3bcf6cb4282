package import TernCore

/// One event, as messages tell of it (spec s3-api §13.3).
package struct S3Event: Sendable, Hashable {
    package var type: S3EventType
    package var time: Timestamp
    package var region: String
    package var bucket: String
    /// The 12-digit account that owns the bucket.
    package var bucketAccount: String
    /// As S3 names the owner: the canonical ID of the account.
    package var bucketOwnerID: String
    package var configurationID: String
    /// The same for each repetition of the event (TGT-2), 32 hexadecimal digits.
    package var id: String

    package var key: ObjectKey
    package var byteCount: Int64?
    /// Without quotes.
    package var etag: String?
    package var versionID: String?
    package var sequencer: HybridTimestamp?

    /// `userIdentity.principalId`; `nil` for what the server did by itself (NTF-21).
    package var principalID: String?
    package var sourceAddress: String?
    package var requestID: String?
    package var hostID: String?
    /// The account or service that asked, for the EventBridge.
    package var requester: String?
    /// The operation that made it, for the EventBridge.
    package var reason: String?

    package var replication: ReplicationData?
    package var restore: RestoreData?
    /// The storage class that a transition leads to.
    package var transitionClass: String?

    /// `replicationEventData` (spec live-replication §6.3).
    package struct ReplicationData: Sendable, Hashable {
        package var ruleID: String
        package var destinationBucket: String
        package var operation: String
        package var requested: Timestamp
        package var failureReason: String?

        package init(
            ruleID: String, destinationBucket: String, operation: String, requested: Timestamp, failureReason: String?
        ) {
            self.ruleID = ruleID
            self.destinationBucket = destinationBucket
            self.operation = operation
            self.requested = requested
            self.failureReason = failureReason
        }
    }

    /// `restoreEventData`
    package struct RestoreData: Sendable, Hashable {
        package var expires: Timestamp
        /// The class of the archived version.
        package var storageClass: String

        package init(expires: Timestamp, storageClass: String) {
            self.expires = expires
            self.storageClass = storageClass
        }
    }

    package init(
        type: S3EventType, time: Timestamp, region: String, bucket: String, bucketAccount: String,
        bucketOwnerID: String, configurationID: String, id: String, key: ObjectKey
    ) {
        self.type = type
        self.time = time
        self.region = region
        self.bucket = bucket
        self.bucketAccount = bucketAccount
        self.bucketOwnerID = bucketOwnerID
        self.configurationID = configurationID
        self.id = id
        self.key = key
    }

    package var bucketARN: String { "arn:aws:s3:::\(self.bucket)" }

    /// Hexadecimal digits that grow with each change of a key (NTF-23).
    package var sequencerText: String? {
        guard let sequencer else { return nil }
        var bytes: [UInt8] = [0]
        bytes.append(bigEndian: sequencer.rawValue)
        return bytes.lowercaseHex.uppercased()
    }

    /// What stands for the request of something that the server did by itself: the same each time it is told.
    var requestIDOrOwn: String { self.requestID ?? self.id.prefix(16).uppercased() }

    /// The key as it stands in S3's messages: form-URL-encoded (NTF-20).
    package var encodedKey: String {
        var bytes: [UInt8] = []
        PercentEncoding.appendListEncoded(self.key.bytes, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
