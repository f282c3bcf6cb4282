import TernCore
import TernS3Protocol
import Testing

/// Spec s3-api §12.6.
@Suite struct AccessLogRecordTests {
    @Test("§12.6: a line of the server access log format")
    func line() throws {
        var record = AccessLogRecord(time: try #require(Timestamp(iso8601: "2019-02-06T00:00:38Z")))
        record.bucketOwner = "owner"
        record.bucket = "bucket"
        record.remoteAddress = "192.0.2.3"
        record.requester = "requester"
        record.requestID = "3E57427F3EXAMPLE"
        record.operation = "REST.GET.OBJECT"
        record.key = try ObjectKey("a b/ü")
        record.requestURI = "GET /bucket/a%20b HTTP/1.1"
        record.status = 200
        record.sentByteCount = 113
        record.objectByteCount = 3462
        record.totalMilliseconds = 70
        record.turnAroundMilliseconds = 10
        record.userAgent = "curl \"x\"\n"
        record.hostID = "host"
        record.signatureVersion = "SigV4"
        record.authenticationType = "AuthHeader"
        record.hostHeader = "h:9000"
        #expect(
            record.line
                == "owner bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 requester 3E57427F3EXAMPLE REST.GET.OBJECT "
                + "a%20b/%C3%BC \"GET /bucket/a%20b HTTP/1.1\" 200 - 113 3462 70 10 \"-\" \"curl %22x%22%0A\" - host "
                + "SigV4 - AuthHeader h:9000 - - -\n")
    }

    @Test("§12.6: what there is nothing to say of is a hyphen, and nobody can add fields")
    func blanks() {
        var record = AccessLogRecord(time: Timestamp(seconds: 0))
        record.hostHeader = "a b\nc"
        #expect(
            record.line
                == "- - [01/Jan/1970:00:00:00 +0000] - - - - - \"-\" 0 - - - 0 0 \"-\" \"-\" - - - - - a+b+c - - -\n")
    }
}
