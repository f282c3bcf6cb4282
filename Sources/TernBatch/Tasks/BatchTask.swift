/// One row of a manifest: the unit of work of a job.
package struct BatchTask: Hashable, Sendable {
    /// The key column as the manifest has it, still encoded: reports repeat it byte for byte (batch-replication §5).
    package var encodedKey: [UInt8]
    /// The version column as the manifest has it; `nil` when there is no such column.
    package var versionID: String?

    package init(encodedKey: [UInt8], versionID: String?) {
        self.encodedKey = encodedKey
        self.versionID = versionID
    }
}

/// How a task ended.
package struct BatchTaskResult: Hashable, Sendable {
    package var isSuccess: Bool
    /// 200 on success.
    package var httpStatus: Int
    /// Empty on success.
    package var errorCode: String
    package var message: String

    package init(isSuccess: Bool, httpStatus: Int, errorCode: String, message: String) {
        self.isSuccess = isSuccess
        self.httpStatus = httpStatus
        self.errorCode = errorCode
        self.message = message
    }

    /// - Parameter message: `success` for replication, `Successful` for the other operations, or a result.
    package static func succeeded(_ message: String) -> BatchTaskResult {
        BatchTaskResult(isSuccess: true, httpStatus: 200, errorCode: "", message: message)
    }

    package static func failed(status: Int, code: String, message: String) -> BatchTaskResult {
        BatchTaskResult(isSuccess: false, httpStatus: status, errorCode: code, message: message)
    }
}
