import Foundation
import Logging
import TernCore
import Testing

@testable import tern

@Suite("What people and programs read")
struct OutputTests {
    private static func line(_ format: LogFormat, _ message: String, _ metadata: Logger.Metadata) -> String {
        let bytes = LogOutput.line(
            format: format, time: Timestamp(seconds: 0), level: .info, label: "tern", message: message,
            metadata: metadata)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("Log lines as text; no value and no message can fake another line")
    func textLines() {
        #expect(
            Self.line(.text, "serving", ["b": "two words", "a": "1", "c": ""])
                == "1970-01-01T00:00:00.000Z info    serving a=1 b=\"two words\" c=\"\"\n")
        #expect(Self.line(.text, "a\nb", ["k": "x\ny"]) == "1970-01-01T00:00:00.000Z info    a\\nb k=\"x\\ny\"\n")
    }

    @Test("Log lines as JSON")
    func jsonLines() throws {
        let line = Self.line(.json, "a \"b\"\u{1}\\\u{2028}é", ["key": "v\n"])
        #expect(line.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        #expect(object["message"] == "a \"b\"\u{1}\\\u{2028}é")
        #expect(object["key"] == "v\n")
        #expect(object["level"] == "info")
    }

    @Test(
        "Quantities",
        arguments: [
            (Quantity.bytes(0), "0 B"), (Quantity.bytes(1023), "1023 B"), (Quantity.bytes(1536), "1.50 KiB"),
            (Quantity.bytes(5e12), "4.55 TiB"), (Quantity.milliseconds(0.25), "0.25 ms"),
            (Quantity.milliseconds(12.6), "13 ms"),
            (Quantity.milliseconds(1500), "1.50 s"), (Quantity.milliseconds(180_000), "3 min"),
            (Quantity.milliseconds(8e7), "22 h"), (Quantity.decimal(1234.6), "1235"), (Quantity.decimal(12.34), "12.3"),
            (Quantity.decimal(0.05), "0.05"), (Quantity.decimal(.infinity), "-"),
        ])
    func quantities(_ text: String, _ expected: String) {
        #expect(text == expected)
    }

    @Test("The status table shows what waits, and which region is down")
    func statusTable() throws {
        let json = """
            {"region":"us-east-1","endpoint":"http://h:1","healthy":true,"rules":[{"sourceBucket":"s","destinationBucket":"d",
            "destinationRegion":"eu-west-1","ruleId":"r","pendingOperations":3,"pendingBytes":2048,"oldestPendingMs":1500,
            "completedOperations":7,"completedBytes":9,"failedOperations":0,"operationsPerSecond":1.5,"bytesPerSecond":10,
            "laneState":"open","lag":{"p50Ms":12,"p90Ms":20,"p99Ms":30,"maxMs":40}}]}
            """
        let up = try JSONDecoder().decode(RegionStatus.self, from: Data(json.utf8))
        let down = RegionStatus(region: "eu-west-1", endpoint: "http://h:2", healthy: false, rules: [], error: "gone")
        let lines = FederationStatus(regions: [up, down]).table.split(separator: "\n").map(String.init)
        #expect(lines[0] == "us-east-1  http://h:1  up")
        #expect(lines[1] == "eu-west-1  http://h:2  DOWN  (gone)")
        #expect(lines[3].hasPrefix("us-east-1/s  eu-west-1/d  r     open        3  2.00 KiB  1.50 s"))
        #expect(lines[3].hasSuffix("12 ms/30 ms/40 ms"))
    }

    @Test("An explanation reads as text")
    func explanation() throws {
        let json = """
            {"bucket":"b","key":"k","versionId":"v1","isLatest":true,"isDeleteMarker":false,"status":"PENDING",
            "rules":[{"ruleId":"r","destinationBucket":"d","decision":"replicate"},
            {"ruleId":"q","destinationBucket":"e","decision":"skip","reason":"the key is outside the filter"}],
            "deliveries":[{"destinationBucket":"d","ruleId":"r","data":"PENDING","tags":"NONE",
            "task":{"kind":"object","attempts":2,"dueAt":"2026-01-31T12:00:00.000Z","lastError":"refused"},
            "lane":{"state":"halfOpen","lastError":"refused","nextAttemptAt":"2026-01-31T12:00:01.000Z"}}]}
            """
        let text = try JSONDecoder().decode(Explanation.self, from: Data(json.utf8)).text
        #expect(text.contains("version v1, latest"))
        #expect(text.contains("r: replicates to d\n"))
        #expect(text.contains("q: skips e: the key is outside the filter"))
        #expect(text.contains("waiting task: object, 2 attempts, next due 2026-01-31T12:00:00.000Z"))
        #expect(text.contains("lane: halfOpen, next attempt 2026-01-31T12:00:01.000Z, last error: refused"))
    }

    @Test("Objects are named by s3:// addresses; a key may contain question marks")
    func addresses() throws {
        let plain = try #require(ObjectAddress("s3://b/a/k?x=1"))
        #expect(plain.key == "a/k?x=1" && plain.versionID == nil)
        let version = try #require(ObjectAddress("s3://b/k?versionId=v+1"))
        #expect(version.target == "/_tern/v1/explain?bucket=b&key=k&versionId=v%2B1")
        for text in ["b/k", "s3://b", "s3:///k", "s3://b/", "s3://b/k?versionId="] {
            #expect(ObjectAddress(text) == nil, "\(text)")
        }
    }

    @Test("Percentiles of a run, errors apart")
    func percentiles() {
        let samples = (1...100).map {
            LoadSample(status: $0 == 100 ? 503 : 200, nanoseconds: Int64($0) * 1_000_000, bodyByteCount: 10)
        }
        let result = BenchResult(name: "x", samples: samples, seconds: 2, bytesPerOperation: 5)
        #expect(result.operations == 99 && result.errors == 1)
        #expect(result.p50Ms == 50 && result.p99Ms == 99 && result.maxMs == 99)
        #expect(result.operationsPerSecond == 49.5)
        #expect(result.bytesPerSecond == 742.5)
    }

    private static func job(_ status: String, _ succeeded: Int64, _ failed: Int64 = 0) -> JobClient.Job {
        JobClient.Job(
            id: "j", status: status, operation: "S3ReplicateObject", priority: 1, created: "", total: 1_000_000,
            succeeded: succeeded, failed: failed, failures: [])
    }

    @Test("How far a job is: its rate is that of the last seconds, and the bar gives way to what is said")
    func jobProgress() {
        var meter = JobMeter()
        #expect(meter.line(Self.job("Preparing", 0), width: 80) == "Preparing")
        meter.note(0, at: .seconds(0))
        #expect(meter.line(Self.job("Active", 0), width: nil) == "Active  0 %  0 of 1,000,000")
        for second in 1...60 { meter.note(Int64(second) * (second < 30 ? 10 : 5000), at: .seconds(second)) }
        let job = Self.job("Active", 299_000, 1000)
        #expect(
            meter.line(job, width: nil)
                == "Active  30 %  300,000 of 1,000,000  5,000/s  2 min left  1,000 failed")
        let wide = meter.line(job, width: 120)
        #expect(wide.hasPrefix("Active  █████████░░░░░░░░░░░░░░░░░░░░░  30 %"))
        for width in [20, 60, 80, 100] { #expect(meter.line(job, width: width).count < width) }
        #expect(JobMeter.time(7200) == "2 h" && JobMeter.time(12_060) == "3 h 21 min")
        #expect(JobMeter.time(50.2) == "51 s" && JobMeter.time(3599) == "59 min")
        #expect(JobMeter.grouped(0) == "0" && JobMeter.grouped(999) == "999" && JobMeter.grouped(1000) == "1,000")
    }
}
