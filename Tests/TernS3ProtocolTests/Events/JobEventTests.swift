import TernCore
import TernS3Protocol
import Testing

@Suite("Events of jobs")
struct JobEventTests {
    @Test("The EventBridge's form of what CloudTrail tells of jobs, byte by byte (batch-replication §9)")
    func message() {
        let event = JobEvent(
            id: "51dc8145541c55182349" + "56d7dffdf2d8", account: "111122223333", region: "us-east-1",
            time: Timestamp(milliseconds: 1_772_446_565_123), name: JobEvent.Name.statusChanged.rawValue, jobID: "8c0f",
            jobARN: "arn:aws:s3:us-east-1:111122223333:job/8c0f", status: "Failed", failureCodes: ["A", "B"],
            statusChangeReasons: [], eventID: "0238c1f7-c2b0-440b-8dbd-1ed5e5833afb", jobEventID: "51f5")
        let expected =
            #"{"version":"0","id":"51dc8145-541c-5518-2349-56d7dffdf2d8","#
            + #""detail-type":"AWS Service Event via CloudTrail","source":"aws.s3","account":"111122223333","#
            + #""time":"2026-03-02T10:16:05Z","region":"us-east-1","resources":[],"detail":{"eventVersion":"1.05","#
            + #""userIdentity":{"accountId":"111122223333","invokedBy":"s3.amazonaws.com"},"#
            + #""eventTime":"2026-03-02T10:16:05Z","eventSource":"s3.amazonaws.com","eventName":"JobStatusChanged","#
            + #""awsRegion":"us-east-1","sourceIPAddress":"s3.amazonaws.com","userAgent":"s3.amazonaws.com","#
            + #""eventID":"0238c1f7-c2b0-440b-8dbd-1ed5e5833afb","readOnly":false,"eventType":"AwsServiceEvent","#
            + #""serviceEventDetails":{"jobId":"8c0f","jobArn":"arn:aws:s3:us-east-1:111122223333:job/8c0f","#
            + #""status":"Failed","jobEventId":"51f5","failureCodes":["A","B"],"statusChangeReason":[]}}}"#
        #expect(String(decoding: EventBridgeMessage.write(event), as: UTF8.self) == expected)
    }
}
