import TernCore
import TernS3Protocol
import Testing

@Suite("Messages of events (§13.3)")
struct S3EventMessageTests {
    private static func event(_ type: S3EventType, key: String = "a b/c@d") throws -> S3Event {
        S3Event(
            type: type, time: Timestamp(milliseconds: 1_769_860_800_123), region: "us-east-1", bucket: "b",
            bucketAccount: "111111111111", bucketOwnerID: "owner-id", configurationID: "config",
            id: "00112233445566778899aabbccddeeff", key: try ObjectKey(key))
    }

    @Test("NTF-20: the message of a PUT, byte by byte")
    func put() throws {
        var event = try Self.event(.objectCreatedPut)
        event.byteCount = 4
        event.etag = "d41d8"
        event.versionID = "v1"
        event.sequencer = HybridTimestamp(rawValue: 0x55AE_D6DC_D902_81E5)
        event.principalID = "AWS:AIDA1"
        event.sourceAddress = "10.0.0.1"
        event.requestID = "REQ"
        event.hostID = "HOST"
        let expected =
            #"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-east-1","#
            + #""eventTime":"2026-01-31T12:00:00.123Z","eventName":"ObjectCreated:Put","#
            + #""userIdentity":{"principalId":"AWS:AIDA1"},"requestParameters":{"sourceIPAddress":"10.0.0.1"},"#
            + #""responseElements":{"x-amz-request-id":"REQ","x-amz-id-2":"HOST"},"#
            + #""s3":{"s3SchemaVersion":"1.0","configurationId":"config","bucket":{"name":"b","#
            + #""ownerIdentity":{"principalId":"owner-id"},"arn":"arn:aws:s3:::b"},"#
            + #""object":{"key":"a+b/c%40d","size":4,"eTag":"d41d8","versionId":"v1","#
            + #""sequencer":"0055AED6DCD90281E5"}}}]}"#
        #expect(text(S3EventMessage.records(event)) == expected)
    }

    @Test("R-20 to R-26: the message of a failed replication, as documented, without threshold and replicationTime")
    func replication() throws {
        var event = try Self.event(.replicationFailed, key: "red flower.jpg")
        event.byteCount = 520_080
        event.etag = "e"
        event.versionID = "v"
        event.replication = S3Event.ReplicationData(
            ruleID: "rule", destinationBucket: "dst", operation: "OBJECT_PUT",
            requested: Timestamp(milliseconds: 1_769_860_700_000), failureReason: "AssumeRoleNotPermitted")
        let message = text(S3EventMessage.records(event))
        #expect(message.contains(#""eventVersion":"2.2""#))
        #expect(message.contains(#""eventName":"Replication:OperationFailedReplication""#))
        #expect(message.contains(#""userIdentity":{"principalId":"s3.amazonaws.com"}"#))
        #expect(message.contains(#""requestParameters":{"sourceIPAddress":"s3.amazonaws.com"}"#))
        #expect(message.contains(#""key":"red+flower.jpg""#))
        #expect(
            message.hasSuffix(
                #","replicationEventData":{"replicationRuleId":"rule","destinationBucket":"arn:aws:s3:::dst","#
                    + #""s3Operation":"OBJECT_PUT","requestTime":"2026-01-31T11:58:20.000Z","#
                    + #""failureReason":"AssumeRoleNotPermitted"}}]}"#))
        event.type = .replicationMissedThreshold
        event.replication?.failureReason = nil
        #expect(
            text(S3EventMessage.records(event)).hasSuffix(
                #""s3Operation":"OBJECT_PUT","requestTime":"2026-01-31T11:58:20.000Z"}}]}"#))
    }

    @Test("NTF-21: what the server does by itself is told as its own")
    func service() throws {
        let message = text(S3EventMessage.records(try Self.event(.lifecycleExpirationDelete)))
        #expect(message.contains(#""principalId":"AmazonCustomer:owner-id""#))
        #expect(message.contains(#""sourceIPAddress":"s3.amazonaws.com""#))
        #expect(message.contains(#""x-amz-request-id":"0011223344556677""#))
    }

    @Test("NTF-24: restores and transitions have data of their own")
    func extras() throws {
        var event = try Self.event(.objectRestoreCompleted)
        event.restore = S3Event.RestoreData(
            expires: Timestamp(milliseconds: 1_769_860_800_000), storageClass: "GLACIER")
        #expect(
            text(S3EventMessage.records(event)).contains(
                #""glacierEventData":{"restoreEventData":{"lifecycleRestorationExpiryTime":"2026-01-31T12:00:00.000Z","#
                    + #""lifecycleRestoreStorageClass":"GLACIER"}}"#))
        event = try Self.event(.lifecycleTransition)
        event.transitionClass = "DEEP_ARCHIVE"
        #expect(
            text(S3EventMessage.records(event)).contains(
                #""lifecycleEventData":{"transitionEventData":{"destinationStorageClass":"DEEP_ARCHIVE"}}"#))
    }

    @Test("NTF-25: the test message")
    func test() {
        let message = S3EventMessage.test(
            bucket: "b", time: Timestamp(milliseconds: 1_769_860_800_000), requestID: "R", hostID: "H")
        #expect(
            text(message)
                == #"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-01-31T12:00:00.000Z","#
                + #""Bucket":"b","RequestId":"R","HostId":"H"}"#)
    }

    @Test("NTF-26: the EventBridge's form, byte by byte")
    func eventBridge() throws {
        var event = try Self.event(.objectRemovedDeleteMarkerCreated)
        event.etag = "e"
        event.versionID = "v"
        event.sequencer = HybridTimestamp(rawValue: 1)
        event.requestID = "REQ"
        event.requester = "222222222222"
        event.sourceAddress = "10.0.0.1"
        event.reason = "DeleteObject"
        let expected =
            #"{"version":"0","id":"00112233-4455-6677-8899-aabbccddeeff","detail-type":"Object Deleted","#
            + #""source":"aws.s3","account":"111111111111","time":"2026-01-31T12:00:00Z","region":"us-east-1","#
            + #""resources":["arn:aws:s3:::b"],"detail":{"version":"0","bucket":{"name":"b"},"#
            + #""object":{"key":"a b/c@d","etag":"e","version-id":"v","sequencer":"000000000000000001"},"#
            + #""request-id":"REQ","requester":"222222222222","source-ip-address":"10.0.0.1","#
            + #""reason":"DeleteObject","deletion-type":"Delete Marker Created"}}"#
        #expect(text(EventBridgeMessage.write(event)) == expected)
    }

    @Test("Keys of any bytes give valid JSON")
    func keys() throws {
        for key in ["\u{1}\"\\\u{7F}", "ü€🐦", "a\u{2028}b"] {
            let event = try Self.event(.objectCreatedPut, key: key)
            let bridge = try JSONParser.parse(EventBridgeMessage.write(event))
            #expect(bridge["detail"]?["object"]?["key"]?.string == key)
            #expect(throws: Never.self) { try JSONParser.parse(S3EventMessage.records(event)) }
        }
    }
}
