/// The rows of a completion report.
///
/// S3 writes HTTPStatusCode before ErrorCode, although `ReportSchema` declares them the other way around; the rows here
/// are as S3's are (spec rule BR-RP-6).
package enum ReportRow {
    package static let schema = "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"

    /// Appends one row. The key is repeated as the manifest has it.
    package static func append(
        bucket: [UInt8], _ task: BatchTask, _ result: BatchTaskResult, to text: inout [UInt8]
    ) {
        self.append(field: bucket, to: &text)
        text.append(UInt8(ascii: ","))
        self.append(field: task.encodedKey, to: &text)
        text.append(UInt8(ascii: ","))
        self.append(field: Array((task.versionID ?? "").utf8), to: &text)
        text.append(contentsOf: result.isSuccess ? ",succeeded,".utf8 : ",failed,".utf8)
        text.append(contentsOf: String(result.httpStatus).utf8)
        text.append(UInt8(ascii: ","))
        self.append(field: Array(result.errorCode.utf8), to: &text)
        text.append(UInt8(ascii: ","))
        self.append(field: Array(result.message.utf8), to: &text)
        text.append(UInt8(ascii: "\n"))
    }

    /// In quotes only where they are needed.
    private static func append(field: [UInt8], to text: inout [UInt8]) {
        let needsQuotes = field.contains { byte in
            byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == 10 || byte == 13
        }
        guard needsQuotes else {
            text.append(contentsOf: field)
            return
        }
        text.append(UInt8(ascii: "\""))
        for byte in field {
            if byte == UInt8(ascii: "\"") { text.append(byte) }
            text.append(byte)
        }
        text.append(UInt8(ascii: "\""))
    }
}
