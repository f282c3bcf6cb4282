import TernBatch
import TernCore
import Testing

@Suite("Completion reports")
struct CompletionReportTests {
    private static func row(_ key: String, _ version: String?, _ result: BatchTaskResult) -> String {
        var text: [UInt8] = []
        ReportRow.append(
            bucket: Array("photos".utf8), BatchTask(encodedKey: Array(key.utf8), versionID: version), result, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    @Test("BR-RP-6: rows are as S3 writes them, not as the schema declares them, and keys as the manifest has them")
    func rows() {
        #expect(
            Self.row("control.txt", "v1", .succeeded("success")) == "photos,control.txt,v1,succeeded,200,,success\n")
        #expect(
            Self.row(
                "pct%2520literal.txt", nil,
                .failed(status: 500, code: "SrcObjectNotEligible", message: "Object is not eligible for replication"))
                == "photos,pct%2520literal.txt,,failed,500,SrcObjectNotEligible,Object is not eligible for replication\n"
        )
        #expect(
            Self.row("a", "v", .failed(status: 500, code: "C", message: "one, \"two\""))
                == "photos,a,v,failed,500,C,\"one, \"\"two\"\"\"\n")
    }

    @Test("BR-RP-1, BR-RP-6: the manifest of a report")
    func manifest() {
        let report = CompletionReport(prefix: "backfill", jobID: "j")
        #expect(report.manifestKey == "backfill/job-j/manifest.json")
        let key = report.resultsKey("c59d")
        #expect(key == "backfill/job-j/results/c59d.csv")
        let text = String(
            decoding: CompletionReport.manifest(
                bucket: "ops", files: [.init(isOfSuccesses: false, key: key, md5: "ab")],
                created: Timestamp(milliseconds: 1_772_445_600_456)), as: UTF8.self)
        #expect(
            text == """
                {"Format":"Report_CSV_20180820","ReportCreationDate":"2026-03-02T10:00:00.456Z","Results":[\
                {"TaskExecutionStatus":"failed","Bucket":"ops","MD5Checksum":"ab",\
                "Key":"backfill/job-j/results/c59d.csv"}],"ReportSchema":"Bucket, Key, VersionId, TaskStatus, \
                ErrorCode, HTTPStatusCode, ResultMessage"}
                """)
    }
}
